#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/process/fixture.h"

namespace lc::process {
namespace {

constexpr Micros kOvershootMax = seconds(2);  // generous: other processes share the machine

struct Hang {
  const char* name;
  std::vector<std::string> steps;
};

const std::vector<Hang> kHangs = {
    {"spins", {"ready", "spin"}},
    {"sleeps in a call", {"ready", "sleep"}},
    {"stops itself", {"ready", "stop"}},
    {"ignores all signals and the end of its input",
     {"ignore-eof", "ignore-signals", "ready", "sleep"}},
    {"has a child", {"child", "ready", "sleep"}},
    {"has a child in a session of its own", {"setsid-child", "ready", "sleep"}},
    {"has a daemon", {"daemon", "ready", "sleep"}},
    {"has a stopped worker with all of them",
     {"child", "setsid-child", "daemon", "zombie", "ready", "stop"}},
};

TEST_CASE("deadline: a worker that hangs is killed, with its tree, not before its deadline") {
  for (const Hang& hang : kHangs) {
    CAPTURE(hang.name);
    FleetFixture fixture;
    fixture.add(hang.steps);
    fixture.until_ready();
    const pid_t pid = fixture.info().pid;
    const std::string token = "vision." + std::to_string(::getpid()) + ".1";
    const MonoTime deadline = monotonic_now() + millis(50);
    fixture.fleet().arm(kCrew, kSlice, kAttempt, deadline);
    CHECK_FALSE(fixture.fleet().is_ready(kCrew));

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
}

TEST_CASE("deadline: a done in time wins, and the old deadline does not kill the next reaction") {
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

TEST_CASE("deadline: a worker that never becomes ready is killed at its own limit") {
  FleetFixture fixture;
  const MonoTime start = monotonic_now();
  fixture.add(kCrew, {"out:still loading", "child", "sleep"}, millis(200));
  const Told told = fixture.until_failure();
  CHECK(told.what == Told::What::idle_failure);
  CHECK(told.outcome() == proto::Outcome::init_timeout);
  CHECK(told.at - start >= millis(200));
  CHECK(told.at - start < millis(200) + kOvershootMax);
  CHECK(told.ended.output == "still loading\n");
}

TEST_CASE("deadline: many in the same microsecond all kill, and nobody else") {
  FleetFixture fixture;
  constexpr int kWorkers = 24;
  for (int i = 0; i < kWorkers; ++i) {
    fixture.add({"hangs" + std::to_string(i)}, {"child", "ready", "sleep"});
  }
  fixture.add({"ready"});
  fixture.until([&fixture] { return fixture.told().size() == kWorkers + 1; });
  const pid_t bystander = fixture.info().pid;
  const MonoTime deadline = monotonic_now() + millis(20);
  for (int i = 0; i < kWorkers; ++i) {
    fixture.fleet().arm({"hangs" + std::to_string(i)}, kSlice, kAttempt, deadline);
  }
  for (int i = 0; i < kWorkers; ++i) {
    const Told told = fixture.until_failure();
    CHECK(told.outcome() == proto::Outcome::timeout);
    CHECK(told.ended.overshoot_us.value() >= 0);
  }
  CHECK(fixture.info().pid == bystander);
}

}  // namespace
}  // namespace lc::process
