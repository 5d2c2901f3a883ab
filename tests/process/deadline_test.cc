#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "common/clock.h"
#include "supervisor/process/pidfd.h"
#include "tests/process/fixture.h"
#include "tests/process/host.h"

namespace lc::process {
namespace {

constexpr Micros kOvershootMax = seconds(2);  // generous: other processes share the machine

/// Arms a reaction of a worker that hangs as told: killed at its deadline, with its tree.
void check_killed(
    const std::vector<std::string>& steps,
    const std::function<void(pid_t)>& meanwhile = [](pid_t) {}) {
  FleetFixture fixture;
  fixture.add(steps);
  fixture.until_ready();
  const pid_t pid = fixture.info().pid;
  const std::string token = "vision." + std::to_string(::getpid()) + ".1";
  const MonoTime deadline = monotonic_now() + millis(50);
  fixture.fleet().arm(kCrew, kSlice, kAttempt, deadline);
  CHECK_FALSE(fixture.fleet().is_ready(kCrew));
  meanwhile(pid);

  bool tree_was_gone = false;
  fixture.on_told = [&tree_was_gone, &token](const Told& told) {
    if (told.what == Told::What::reaction_failed) {
      tree_was_gone = processes_of(token).empty();
    }
  };
  const Told told = fixture.until_failure();

  CHECK(told.what == Told::What::reaction_failed);
  CHECK(told.outcome() == proto::Outcome::timeout);
  CHECK(told.ended.reaction->slice == kSlice);
  CHECK(told.ended.reaction->attempt == kAttempt);
  CHECK(told.at >= deadline);
  CHECK(told.at < deadline + kOvershootMax);
  CHECK(told.ended.overshoot_us.value() >= 0);
  CHECK(told.ended.tree_gone_us.value() >= told.ended.overshoot_us.value());
  CHECK(tree_was_gone);
  CHECK(::kill(-pid, 0) != 0);

  fixture.until_ready();  // restarted at once
  CHECK(fixture.info().pid != pid);
  CHECK(fixture.info().restarts == 1);
}

TEST_CASE("A01 a worker that loops for ever is killed at its deadline, not before") {
  check_killed({"ready", "spin"});
}

TEST_CASE("A02 a worker that sleeps in a system call is killed at its deadline") {
  check_killed({"ready", "sleep"});
}

TEST_CASE("A03 a worker deaf to SIGTERM, SIGINT, SIGHUP and SIGUSR1 is killed at its deadline") {
  check_killed({"ignore-eof", "ignore-signals", "ready", "sleep"}, [](pid_t pid) {
    for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) {
      CHECK(::kill(pid, number) == 0);
    }
  });
}

TEST_CASE("A04 a worker that stops itself is killed at its deadline, with all it started") {
  check_killed({"ready", "stop"});
  check_killed({"child", "setsid-child", "daemon", "zombie", "ready", "stop"});
}

TEST_CASE("A04 a worker that stops itself is missed when it tells no progress") {
  FleetFixture fixture;
  fixture.add_spec({.crew = kCrew, .idle_timeout = millis(100)}, {"ready", "stop"});
  fixture.until_ready();
  const MonoTime start = monotonic_now();
  fixture.fleet().arm(kCrew, kSlice, kAttempt, start + seconds(3600));
  const Told told = fixture.until_failure();
  CHECK(told.outcome() == proto::Outcome::timeout);
  CHECK(told.ended.words == "told no progress for 100 ms");
  CHECK(told.at >= start + millis(100));
  CHECK(told.at < start + millis(100) + kOvershootMax);
}

TEST_CASE("A07 a grandchild in a session of its own goes with its worker") {
  check_killed({"child", "ready", "sleep"});
  check_killed({"setsid-child", "ready", "sleep"});
}

TEST_CASE("A08 a daemon that closed its descriptors and renamed itself goes with its worker") {
  check_killed({"daemon", "ready", "sleep"});
}

TEST_CASE("A12 a worker that leaves in the tick of its deadline has exactly one outcome") {
  FleetFixture fixture;
  fixture.add({"ready", "await-signal", "exit:0"});
  for (const bool done_first : {false, true, false, true, false, true}) {
    CAPTURE(done_first);
    fixture.fleet().start(kCrew);  // so that no restart waits
    fixture.until_ready();
    const std::size_t told_before = fixture.told().size();
    const OwnedFd worker(::pidfd_open(fixture.info().pid, 0));
    ::kill(fixture.info().pid, SIGUSR1);
    REQUIRE(wait_readable(worker.get()));  // dead, which the loop has not seen
    fixture.fleet().arm(kCrew, kSlice, kAttempt, monotonic_now());
    if (done_first) {
      CHECK(fixture.fleet().disarm(kCrew));
    }

    const Told told = fixture.until_failure();

    CHECK_FALSE(fixture.fleet().disarm(kCrew));
    CHECK((told.what == Told::What::idle_failure) == done_first);
    CHECK(told.ended.reaction.has_value() != done_first);
    const bool by_exit = told.outcome() == proto::Outcome::exit;
    CHECK((by_exit || (!done_first && told.outcome() == proto::Outcome::timeout)));
    CHECK(told.ended.exit == ExitStatus{});
    fixture.fleet().start(kCrew);
    fixture.until_ready();
    CHECK(fixture.told().size() == told_before + 2);  // failed, ready
  }
}

TEST_CASE("A14 of a thousand reactions due at once each ends once, and the loop is never blocked") {
  constexpr int kWorkers = 100;  // as many as two processors start in a moment
  constexpr int kReactionsEach = 10;
  FleetFixture fixture;
  const auto crew = [](int i) { return CrewId{"crew" + std::to_string(i)}; };
  for (int i = 0; i < kWorkers; ++i) {
    fixture.add(crew(i), {"ready", "sleep"});
  }
  fixture.add({"ready"});
  fixture.until([&fixture] { return fixture.told().size() == kWorkers + 1; });
  const pid_t bystander = fixture.info().pid;
  const MonoTime deadline = monotonic_now() + millis(200);
  for (int i = 0; i < kWorkers; ++i) {
    for (int reaction = 1; reaction < kReactionsEach; ++reaction) {
      fixture.fleet().arm(crew(i), kSlice, {reaction}, deadline);
      CHECK(fixture.fleet().disarm(crew(i)));
    }
    fixture.fleet().arm(crew(i), kSlice, {kReactionsEach}, deadline);
  }
  const Heartbeat heartbeat(fixture.timers());
  std::vector<CrewId> failed;
  for (int i = 0; i < kWorkers; ++i) {
    const Told told = fixture.until_failure();
    CHECK(told.outcome() == proto::Outcome::timeout);
    CHECK(told.ended.reaction->attempt == Attempt{kReactionsEach});
    CHECK(told.at >= deadline);
    CHECK(told.ended.overshoot_us.value() >= 0);
    CHECK(told.ended.overshoot_us.value() < kOvershootMax.us);
    failed.push_back(told.ended.crew);
  }
  std::ranges::sort(failed);
  CHECK(std::ranges::adjacent_find(failed) == failed.end());
  CHECK(heartbeat.longest() < kOvershootMax);
  CHECK(fixture.info().pid == bystander);
}

TEST_CASE("A15 a callback that blocks the loop before it arms a deadline makes none early") {
  FleetFixture fixture;
  fixture.add({"floods"}, {"ready", "flood:0"});  // keeps the loop awake
  fixture.add({"ready", "sleep"});
  fixture.until_ready();
  MonoTime deadline;
  fixture.timers().arm(monotonic_now(), [&fixture, &deadline] {
    const MonoTime end = monotonic_now() + millis(60);
    while (monotonic_now() < end) {
    }
    deadline = end + millis(100);
    fixture.fleet().arm(kCrew, kSlice, kAttempt, deadline);
  });
  const Told told = fixture.until_failure();
  CHECK(told.outcome() == proto::Outcome::timeout);
  CHECK(told.at >= deadline);
  CHECK(told.ended.overshoot_us.value() >= 0);
  CHECK(told.ended.overshoot_us.value() < kOvershootMax.us);
}

TEST_CASE("A18 beside two busy loops workers are killed on time") {
  constexpr int kReactions = 20;
  FleetFixture fixture;
  for (const char* name : {"busy1", "busy2"}) {
    fixture.add({name}, {"ready", "spin"});
    fixture.until_ready({name});
  }
  fixture.add({"ready", "sleep"});
  std::vector<std::int64_t> overshoots;
  for (int i = 0; i < kReactions; ++i) {
    fixture.fleet().start(kCrew);  // so that no restart waits
    fixture.until_ready();
    fixture.fleet().arm(kCrew, kSlice, kAttempt, monotonic_now() + millis(10));
    overshoots.push_back(fixture.until_failure().ended.overshoot_us.value());
  }
  std::ranges::sort(overshoots);
  CHECK(overshoots.front() >= 0);
  CHECK(overshoots[kReactions * 9 / 10] < kOvershootMax.us);
}

TEST_CASE("A19 a done in time wins, and the old deadline does not kill the next reaction") {
  FleetFixture fixture;
  fixture.add({"ready"});
  fixture.until_ready();
  const pid_t pid = fixture.info().pid;
  const MonoTime first = monotonic_now() + millis(20);
  fixture.fleet().arm(kCrew, kSlice, kAttempt, first);
  CHECK(fixture.fleet().disarm(kCrew));
  CHECK_FALSE(fixture.fleet().disarm(kCrew));
  fixture.fleet().arm(kCrew, {84}, {1}, std::nullopt);

  bool later = false;
  fixture.timers().arm(first + millis(1), [&later] { later = true; });
  fixture.until([&later] { return later; });

  CHECK(fixture.info().pid == pid);
  CHECK(fixture.info().state == "reacting");
  CHECK(fixture.fleet().disarm(kCrew));
  CHECK(fixture.told().size() == 1);
}

TEST_CASE("A20 a worker that is stopped while it is being killed ends once, as what killed it") {
  FleetFixture fixture;
  fixture.add({"child", "ready", "sleep"});
  fixture.until_ready();
  fixture.fleet().arm(kCrew, kSlice, kAttempt, monotonic_now());
  fixture.until([&fixture] { return fixture.info().state == "killing"; });
  fixture.fleet().stop(kCrew);
  fixture.fleet().stop(kCrew);
  CHECK(fixture.info().state == "killing");
  CHECK(fixture.until_failure().outcome() == proto::Outcome::timeout);
  CHECK(fixture.info().state == "disabled");
  fixture.fleet().stop(kCrew);
  fixture.shut_down();
  CHECK(fixture.told().size() == 2);  // ready, failed
}

TEST_CASE("deadline: a done after the kill is refused, and the reaction is told once") {
  FleetFixture fixture;
  fixture.add({"ready", "sleep"});
  fixture.until_ready();
  fixture.fleet().arm(kCrew, kSlice, kAttempt, monotonic_now());
  fixture.until([&fixture] { return fixture.info().state != "reacting"; });
  CHECK_FALSE(fixture.fleet().disarm(kCrew));
  CHECK(fixture.until_failure().outcome() == proto::Outcome::timeout);
  fixture.until_ready();
  CHECK_FALSE(fixture.fleet().disarm(kCrew));
  CHECK(fixture.told().size() == 3);  // ready, failed, ready
}

}  // namespace
}  // namespace lc::process
