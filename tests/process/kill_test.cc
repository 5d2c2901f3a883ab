#include "supervisor/process/kill.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "common/clock.h"
#include "supervisor/process/orphans.h"
#include "supervisor/process/pidfd.h"
#include "supervisor/process/spawn.h"
#include "tests/process/fixture.h"
#include "tests/process/freezer.h"
#include "tests/process/host.h"

namespace lc::process {
namespace {

constexpr Micros kTreeGoneMax = seconds(10);
constexpr Micros kBlockedMax = seconds(1);
constexpr std::int64_t kBombPids = 64;

Told killed_on_time(FleetFixture& fixture) {
  fixture.until_ready();
  fixture.fleet().arm(kCrew, kSlice, kAttempt, monotonic_now() + millis(50));
  return fixture.until_failure();
}

TEST_CASE("A05 a worker frozen in its cgroup is killed at its deadline") {
  const auto cells = make_cells();
  if (!cells) {
    return;
  }
  FleetFixture fixture({.cells = cells.get()});
  fixture.add({"child", "ready", "spin"});
  fixture.until_ready();
  const std::string folder = cell_folder(*cells, "vision.1");
  std::ofstream(folder + "/cgroup.freeze") << "1";
  spin_until([&folder] {
    return content(folder + "/cgroup.events").find("frozen 1") != std::string::npos;
  });
  const Told told = killed_on_time(fixture);
  CHECK(told.outcome() == proto::Outcome::timeout);
  CHECK(told.ended.tree_gone_us.value() < kTreeGoneMax.us);
  fixture.until_removed(folder);
}

TEST_CASE("A06 a worker that cannot die is told once, nothing starts beside it, others go on") {
  const std::string hierarchy = own_cgroup_folder("freezer");
  if (hierarchy.empty()) {
    skip("no cgroup v1 freezer");
    return;
  }
  FleetFixture fixture({.kill_timeout = millis(200), .kill_interval = millis(50)});
  Freezer freezer(hierarchy);
  fixture.fleet().leave_to_owner(freezer.keeper());
  const CrewId other{"other"};
  fixture.add(other, {"ready"});
  fixture.until_ready(other);
  fixture.add({"ready", "spin"});
  fixture.until_ready();
  const pid_t frozen = fixture.info().pid;
  const pid_t others = fixture.info(other).pid;
  freezer.freeze(frozen);

  const Told told = killed_on_time(fixture);

  CHECK(told.what == Told::What::reaction_failed);
  CHECK(told.outcome() == proto::Outcome::timeout);
  CHECK(told.ended.unkillable);
  CHECK(told.ended.pid == frozen);
  CHECK_FALSE(told.ended.tree_gone_us);
  const Heartbeat heartbeat(fixture.timers());
  fixture.fleet().start(kCrew);
  for (int reaction = 1; reaction <= 20; ++reaction) {
    fixture.fleet().arm(other, kSlice, {reaction}, monotonic_now() + seconds(30));
    fixture.until([&heartbeat, reaction] { return heartbeat.ticks() > 2 * reaction; });
    CHECK(fixture.fleet().disarm(other));
    CHECK(fixture.info().state == "unkillable");
    CHECK(fixture.info().pid == frozen);
  }
  CHECK(fixture.info(other).pid == others);

  freezer.thaw();

  fixture.until_ready();
  CHECK(fixture.info().pid != frozen);
  CHECK(fixture.told().size() == 4);  // ready, ready, failed, ready
}

TEST_CASE("A07 A08 a grandchild in a session of its own, or a daemon, cannot leave the cgroup") {
  const auto cells = make_cells();
  if (!cells) {
    return;
  }
  FleetFixture fixture({.cells = cells.get()});
  fixture.add({"child", "setsid-child", "daemon", "zombie", "ready", "spin"});
  const Told told = killed_on_time(fixture);
  CHECK(told.what == Told::What::reaction_failed);
  CHECK(told.outcome() == proto::Outcome::timeout);
  fixture.until_removed(cell_folder(*cells, "vision.1"));
}

TEST_CASE("A09 a fork bomb that changes sessions is gone, and the loop goes on meanwhile") {
  const auto cells = make_cells_with("pids");
  if (!cells) {
    return;
  }
  FleetFixture fixture({.cells = cells.get()});
  fixture.add_spec({.crew = kCrew, .limits = {.pids = kBombPids}},
                   {"bomb:" + std::to_string(2 * kBombPids), "ready", "sleep"});
  fixture.until_ready();
  const Heartbeat heartbeat(fixture.timers());
  const Told told = killed_on_time(fixture);
  CHECK(told.outcome() == proto::Outcome::timeout);
  CHECK_FALSE(told.ended.unkillable);
  CHECK(told.ended.tree_gone_us.value() < kTreeGoneMax.us);
  CHECK(told.ended.forks_refused.value_or(1) > 0);
  CHECK(heartbeat.ticks() > 0);
  CHECK(heartbeat.longest() < kBlockedMax);
  fixture.until_removed(cell_folder(*cells, "vision.1"));
}

TEST_CASE("A10 one kill of its cgroup is enough for a bomb that goes on forking") {
  const auto cells = make_cells_with("pids");
  if (!cells) {
    return;
  }
  auto orphans = Orphans::create();
  REQUIRE(orphans);
  auto cell = cells->make("bomb", {.pids = kBombPids});
  REQUIRE(cell);
  const auto bomb = spawn(
      {.argv = {chaos_worker_path(), "bomb:" + std::to_string(kBombPids / 2), "ready", "sleep"},
       .env = {door_variable(**cell)},
       .doors = (*cell)->doors()});
  REQUIRE(bomb);
  orphans->add_worker(bomb->pid, "bomb");
  REQUIRE(wait_readable(bomb->status_read.get()));
  CHECK((*cell)->is_populated());

  (*cell)->kill();

  spin_until([&cell] { return !(*cell)->is_populated(); });
  REQUIRE(wait_readable(bomb->pidfd.get()));
  reap(bomb->pidfd.get());
  orphans->remove_worker(bomb->pid);
  spin_until([&orphans] { return orphans->reap() && processes_left().empty(); });
}

TEST_CASE("A11 a worker of 256 MiB is gone, and the loop goes on meanwhile") {
  FleetFixture fixture;
  fixture.add({"leak:256", "ready", "sleep"});
  fixture.until_ready();
  const Heartbeat heartbeat(fixture.timers());
  const Told told = killed_on_time(fixture);
  CHECK(told.outcome() == proto::Outcome::timeout);
  CHECK(told.ended.usage->memory_max_kib >= 256 * 1024);
  CHECK(told.ended.tree_gone_us.value() < kTreeGoneMax.us);
  CHECK(heartbeat.longest() < kBlockedMax);
}

/// A child of this process with the number `pid`, in a session of its own, deaf to every signal
/// that can be blocked; nothing when the number was not given in so many tries.
std::optional<pid_t> child_with_number(pid_t pid, int tries) {
  for (int i = 0; i < tries; ++i) {
    std::ofstream("/proc/sys/kernel/ns_last_pid") << pid - 1;
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, &before);  // the child is born so
    const pid_t child = ::fork();
    if (child == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::setsid();
      for (;;) {
        ::pause();
      }
    }
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    if (child == pid) {
      spin_until([pid] { return ::getsid(pid) == pid; });
      return pid;
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  return std::nullopt;
}

/// Whether a signal waits for the process.
bool was_signalled(pid_t pid) {
  const std::string status = content("/proc/" + std::to_string(pid) + "/status");
  return status.find("SigPnd:\t0000000000000000\n") == std::string::npos ||
         status.find("ShdPnd:\t0000000000000000\n") == std::string::npos;
}

TEST_CASE("A13 the next owner of a dead worker's number is sent no signal") {
  if (::access("/proc/sys/kernel/ns_last_pid", W_OK) != 0) {
    skip("the next process number cannot be chosen (/proc/sys/kernel/ns_last_pid)");
    return;
  }
  FleetFixture fixture;
  fixture.add({"daemon", "ready", "await-signal", "exit:0"});
  fixture.until_ready();
  const pid_t pid = fixture.info().pid;
  const OwnedFd worker(::pidfd_open(pid, 0));
  const MonoTime deadline = monotonic_now() + millis(200);
  fixture.fleet().arm(kCrew, kSlice, kAttempt, deadline);
  ::kill(pid, SIGUSR1);
  REQUIRE(wait_readable(worker.get()));
  CHECK_FALSE(child_with_number(pid, 20));  // dead, but the loop has not seen it
  fixture.until([&fixture] { return fixture.info().state != "reacting"; });
  if (fixture.info().state == "killing") {  // its daemon is not proven gone
    CHECK_FALSE(child_with_number(pid, 20));
  }
  fixture.until_failure();
  const auto next_owner = child_with_number(pid, 1000);
  if (!next_owner) {
    skip("the number was not given again in 1000 tries");
    return;
  }
  fixture.fleet().leave_to_owner(pid);

  fixture.until_ready();
  bool later = false;
  fixture.timers().arm(deadline + millis(1), [&later] { later = true; });
  fixture.until([&later] { return later; });  // the old deadline is over
  fixture.fleet().arm(kCrew, kSlice, kAttempt, monotonic_now());
  fixture.until_failure();
  fixture.fleet().stop(kCrew);
  fixture.until([&fixture] { return fixture.info().state == "disabled"; });

  CHECK(::waitpid(pid, nullptr, WNOHANG) == 0);  // lives
  CHECK_FALSE(was_signalled(pid));
  ::kill(pid, SIGKILL);
  CHECK(::waitpid(pid, nullptr, 0) == pid);
}

}  // namespace
}  // namespace lc::process
