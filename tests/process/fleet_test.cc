#include "supervisor/process/fleet.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "common/clock.h"
#include "tests/process/fixture.h"

namespace lc::process {
namespace {

TEST_CASE("fleet: how a worker dies is told apart, with its last words") {
  struct Row {
    std::vector<std::string> steps;
    proto::Outcome outcome;
    std::string detail;
  };
  for (const Row& row : {
           Row{{"out:bye", "exit:3"}, proto::Outcome::exit, "left with exit code 3"},
           Row{{"out:bye", "exit:0"}, proto::Outcome::exit, "left with exit code 0"},
           Row{{"out:bye", "failed:no crew", "exit:78"},
               proto::Outcome::exit,
               "left with exit code 78: no crew"},
           Row{{"out:bye", "exit:69"},
               proto::Outcome::spawn_failed,
               "left with exit code 69: a service that it needs is unavailable"},
           Row{{"err:bye", "signal:11"},
               proto::Outcome::crash,
               "died of signal 11 (Segmentation fault)"},
           Row{{"err:bye", "signal:6"}, proto::Outcome::crash, "died of signal 6 (Aborted)"},
           Row{{"err:bye", "signal:31"},
               proto::Outcome::sandbox,
               "died of signal 31 (Bad system call)"},
           Row{{"err:bye", "say:{\"state\":\"dancing\"}", "sleep"},
               proto::Outcome::protocol,
               "the worker's status line says no state that is known: "
               "{\"state\":\"dancing\"}"},
       }) {
    CAPTURE(row.detail);
    FleetFixture fixture;
    fixture.add(row.steps);
    const Told told = fixture.until_failure();
    CHECK(told.what == Told::What::idle_failure);
    CHECK(told.outcome() == row.outcome);
    CHECK(told.ended.words == row.detail);
    CHECK(told.ended.output == "bye\n");
  }
}

TEST_CASE("fleet: a worker that dies in a reaction fails the reaction") {
  FleetFixture fixture;
  fixture.add({"ready", "await-signal", "out:thinking", "exit:5"});
  fixture.until_ready();
  fixture.fleet().arm(kCrew, kSlice, kAttempt, std::nullopt);
  ::kill(fixture.info().pid, SIGUSR1);
  const Told told = fixture.until_failure();
  CHECK(told.what == Told::What::reaction_failed);
  CHECK(told.outcome() == proto::Outcome::exit);
  CHECK(told.ended.reaction->slice == kSlice);
  CHECK(told.ended.output == "thinking\n");
  CHECK_FALSE(fixture.fleet().disarm(kCrew));
}

TEST_CASE("fleet: the children of a worker that left by itself are gone too") {
  FleetFixture fixture;
  fixture.add({"child", "setsid-child", "daemon", "zombie", "ready", "await-signal", "exit:1"});
  fixture.until_ready();
  const std::string token = "vision." + std::to_string(::getpid()) + ".1";
  CHECK(processes_of(token).size() >= 4);
  bool gone = false;
  fixture.on_told = [&gone, &token](const Told& told) {
    if (told.what == Told::What::idle_failure) {
      gone = processes_of(token).empty();
    }
  };
  ::kill(fixture.info().pid, SIGUSR1);
  fixture.until_failure();
  CHECK(gone);
}

TEST_CASE("fleet: one worker's orphan does not die with another worker") {
  FleetFixture fixture;
  fixture.add({"other"}, {"daemon", "ready"});
  fixture.until_ready({"other"});
  fixture.add({"ready", "await-signal", "exit:1"});
  fixture.until_ready();
  const std::string token = "other." + std::to_string(::getpid()) + ".1";
  REQUIRE(processes_of(token).size() == 2);
  ::kill(fixture.info().pid, SIGUSR1);
  fixture.until_failure();
  CHECK(processes_of(token).size() == 2);
}

TEST_CASE("fleet: a broken answer kills the worker and fails the reaction as said") {
  FleetFixture fixture;
  fixture.add({"ready"});
  fixture.until_ready();
  const pid_t pid = fixture.info().pid;
  fixture.fleet().arm(kCrew, kSlice, kAttempt, std::nullopt);
  fixture.fleet().fail_reaction(kCrew, proto::Outcome::protocol, "done: unknown field 'x'");
  CHECK(fixture.told().size() == 1);  // no hook inside the call
  const Told told = fixture.until_failure();
  CHECK(told.outcome() == proto::Outcome::protocol);
  CHECK(told.ended.words == "done: unknown field 'x'");
  fixture.until_ready();
  CHECK(fixture.info().pid != pid);
}

TEST_CASE("fleet: a reaction for a worker that is gone fails without a strike") {
  FleetFixture fixture;
  fixture.add({"ready"});
  fixture.until_ready();
  fixture.fleet().stop(kCrew);
  fixture.fleet().arm(kCrew, kSlice, kAttempt, std::nullopt);
  const Told told = fixture.until_failure();
  CHECK(told.what == Told::What::reaction_failed);
  CHECK(told.outcome() == proto::Outcome::spawn_failed);
  CHECK(told.ended.pid == 0);  // nothing is known of a process that did not take it
  CHECK_FALSE(told.ended.tree_gone_us);
  CHECK_FALSE(proto::is_strike(told.outcome()));
}

TEST_CASE("fleet: a stopped crew stays down until it is started, also twice") {
  FleetFixture fixture;
  fixture.add({"ready"});
  fixture.until_ready();
  fixture.fleet().arm(kCrew, kSlice, kAttempt, std::nullopt);
  fixture.fleet().stop(kCrew);
  fixture.fleet().stop(kCrew);
  CHECK(fixture.until_failure().outcome() == proto::Outcome::admin);
  CHECK(fixture.info().state == "disabled");
  CHECK(fixture.info().pid == 0);
  fixture.fleet().start(kCrew);
  fixture.fleet().start(kCrew);
  fixture.until_ready();
  CHECK(fixture.info().restarts == 1);
  CHECK(fixture.told().size() == 3);
}

TEST_CASE("fleet: a crew added as stopped runs only once it is started") {
  FleetFixture fixture;
  fixture.fleet().add_stopped({.crew = kCrew, .argv = {chaos_worker_path(), "ready"}});
  CHECK(fixture.info().state == "disabled");
  fixture.fleet().start(kCrew);
  fixture.until_ready();
}

TEST_CASE("fleet: beside an endless flood other workers start, react and are killed on time") {
  FleetFixture fixture;
  fixture.add({"floods"}, {"ready", "flood:0"});
  fixture.add({"ready", "sleep"});
  fixture.until_ready();
  const MonoTime deadline = monotonic_now() + millis(50);
  fixture.fleet().arm(kCrew, kSlice, kAttempt, deadline);
  const Told told = fixture.until_failure();
  CHECK(told.outcome() == proto::Outcome::timeout);
  CHECK(told.at < deadline + seconds(2));
}

TEST_CASE("fleet: a worker that closes its output still works") {
  FleetFixture fixture;
  fixture.add({"close-output", "ready"});
  fixture.until_ready();
  fixture.fleet().arm(kCrew, kSlice, kAttempt, std::nullopt);
  CHECK(fixture.fleet().disarm(kCrew));
}

TEST_CASE("fleet: fifty kills leave no descriptor and no child behind") {
  FleetFixture fixture;
  fixture.add({"child", "setsid-child", "daemon", "zombie", "ready", "sleep"});
  const auto cycle = [&fixture] {
    fixture.until_ready();
    fixture.fleet().arm(kCrew, kSlice, kAttempt, std::nullopt);
    REQUIRE(fixture.fleet().disarm(kCrew));
    fixture.fleet().start(kCrew);  // so that no restart waits
    fixture.fleet().arm(kCrew, kSlice, kAttempt, monotonic_now());
    CHECK(fixture.until_failure().outcome() == proto::Outcome::timeout);
    fixture.until_ready();
  };
  cycle();
  const int descriptors = open_descriptors();
  for (int i = 0; i < 50; ++i) {
    cycle();
  }
  CHECK(open_descriptors() == descriptors);
  CHECK(fixture.info().restarts == 51);
  fixture.fleet().stop(kCrew);
  fixture.until([&fixture] { return fixture.info().state == "disabled"; });
  CHECK(processes_left().empty());
}

TEST_CASE("fleet: a hundred workers start, and leave when they are told") {
  FleetFixture fixture;
  constexpr int kWorkers = 100;
  for (int i = 0; i < kWorkers; ++i) {
    fixture.add({"crew" + std::to_string(i)}, {"ready"});
  }
  fixture.until([&fixture] { return fixture.told().size() == kWorkers; });
  CHECK(std::ranges::all_of(fixture.fleet().workers(),
                            [](const auto& worker) { return worker.state == "idle"; }));
  fixture.shut_down();
  CHECK(fixture.told().size() == kWorkers);  // leaving is no failure
}

TEST_CASE("fleet: at shutdown a worker that does not leave is killed after the grace") {
  FleetFixture fixture;
  fixture.add({"ignore-eof", "ready", "sleep"});
  fixture.until_ready();
  fixture.fleet().arm(kCrew, kSlice, kAttempt, std::nullopt);
  const MonoTime start = monotonic_now();
  fixture.shut_down(millis(100));
  CHECK(monotonic_now() - start >= millis(100));
  REQUIRE(fixture.told().size() == 2);
  CHECK(fixture.told()[1].outcome() == proto::Outcome::shutdown);
}

TEST_CASE("fleet: shutdown in the middle of starting, restarting and killing ends with nothing") {
  FleetFixture fixture;
  for (int i = 0; i < 30; ++i) {
    const std::string crew = "crew" + std::to_string(i);
    fixture.add({crew}, {i % 3 == 0 ? "exit:1" : i % 3 == 1 ? "ready" : "sleep"});
  }
  fixture.until([&fixture] { return fixture.told().size() >= 5; });
  fixture.shut_down();
}

TEST_CASE("fleet: hooks may call the fleet") {
  FleetFixture fixture;
  int reactions = 0;
  fixture.on_told = [&fixture, &reactions](const Told& told) {
    if (told.what == Told::What::ready) {
      fixture.fleet().arm(told.ended.crew, kSlice, kAttempt, monotonic_now());
      if (++reactions == 3) {
        fixture.fleet().stop(told.ended.crew);
      }
    } else {
      fixture.fleet().start(told.ended.crew);
    }
  };
  fixture.add({"ready", "sleep"});
  CHECK(fixture.until_failure().outcome() == proto::Outcome::timeout);
  CHECK(fixture.until_failure().outcome() == proto::Outcome::timeout);
  CHECK(fixture.until_failure().outcome() == proto::Outcome::admin);
}

TEST_CASE("fleet: a child that has another owner is neither reaped nor killed") {
  FleetFixture fixture;
  const pid_t child = ::fork();  // tidy: a child that is not a worker
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::setsid();
    ::pause();
    ::_exit(0);
  }
  fixture.fleet().leave_to_owner(child);
  fixture.add({"ready", "await-signal", "exit:1"});
  fixture.until_ready();
  ::kill(fixture.info().pid, SIGUSR1);
  fixture.until_failure();
  CHECK(::waitpid(child, nullptr, WNOHANG) == 0);  // lives
  ::kill(child, SIGKILL);
  fixture.fleet().stop(kCrew);
  fixture.until([&fixture] { return fixture.info().state == "disabled"; });
  CHECK(::waitpid(child, nullptr, 0) == child);
}

}  // namespace
}  // namespace lc::process
