#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "common/clock.h"
#include "supervisor/process/kill.h"
#include "supervisor/process/spawn.h"
#include "tests/process/fixture.h"
#include "tests/process/host.h"

// Where there are no cgroups, a PID namespace holds a worker's processes together.
namespace lc::process {
namespace {

const std::vector<std::string> kFamily = {"child", "setsid-child", "daemon", "zombie"};

/// Null, and the case skipped, where namespaces cannot be made.
std::unique_ptr<Cells> make_namespaces() {
  const auto inside = spawn({.argv = {chaos_worker_path(), "exit:0"}, .pids = PidNamespace::fresh});
  if (!inside) {
    skip(inside.error().message);
    return nullptr;
  }
  REQUIRE(wait_readable(inside->pidfd.get()));
  CHECK(peek_exit(inside->pidfd.get()) == ExitStatus{});
  reap(inside->pidfd.get());
  auto cells = Cells::create(fresh_name());
  cells->give_up_cgroups("for this test");
  cells->use_pid_namespaces();
  return cells;
}

std::string token(int generation) {
  return "vision." + std::to_string(::getpid()) + "." + std::to_string(generation);
}

std::vector<std::string> family_then(const std::vector<std::string>& steps) {
  std::vector<std::string> all = kFamily;
  all.insert(all.end(), steps.begin(), steps.end());
  return all;
}

TEST_CASE("pidns: a worker that is killed takes its daemons with it") {
  const auto cells = make_namespaces();
  if (!cells) {
    return;
  }
  FleetFixture fixture({.cells = cells.get()});
  CHECK(fixture.fleet().containment() == "pidns");
  fixture.add(family_then({"ready", "spin"}));
  fixture.until_ready();
  CHECK(processes_of(token(1)).size() >= kFamily.size());
  bool gone = false;
  fixture.on_told = [&gone](const Told& told) {
    gone = gone || (told.what == Told::What::reaction_failed && processes_of(token(1)).empty());
  };
  const MonoTime deadline = monotonic_now() + millis(50);
  fixture.fleet().arm(kCrew, kSlice, kAttempt, deadline);
  const Told told = fixture.until_failure();
  CHECK(told.outcome() == proto::Outcome::timeout);
  CHECK(told.at >= deadline);
  CHECK(gone);
  fixture.until_ready();
  CHECK(fixture.info().restarts == 1);
}

TEST_CASE("pidns: a worker that leaves by itself takes its daemons with it") {
  const auto cells = make_namespaces();
  if (!cells) {
    return;
  }
  FleetFixture fixture({.cells = cells.get()});
  fixture.add(family_then({"ready", "await-signal", "exit:3"}));
  fixture.until_ready();
  CHECK(processes_of(token(1)).size() >= kFamily.size());
  bool gone = false;
  fixture.on_told = [&gone](const Told& told) {
    gone = gone || (told.what == Told::What::idle_failure && processes_of(token(1)).empty());
  };
  ::kill(fixture.info().pid, SIGUSR1);
  CHECK(fixture.until_failure().ended.words == "left with exit code 3");
  CHECK(gone);
}

TEST_CASE("pidns: a neighbour outside and the supervisor itself are not touched") {
  const auto cells = make_namespaces();
  if (!cells) {
    return;
  }
  FleetFixture fixture({.cells = cells.get()});
  fixture.add({"other"}, family_then({"ready"}));
  fixture.until_ready({"other"});
  const pid_t other = fixture.info({"other"}).pid;
  fixture.add(family_then({"ready"}));
  fixture.until_ready();
  ::kill(fixture.info().pid, SIGKILL);
  CHECK(fixture.until_failure().outcome() == proto::Outcome::killed_external);
  fixture.until_ready();
  CHECK(fixture.info({"other"}).pid == other);
  CHECK(processes_of("other." + std::to_string(::getpid())).size() >= kFamily.size());
}

}  // namespace
}  // namespace lc::process
