#include "supervisor/process/cgroup.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "common/clock.h"
#include "supervisor/process/containment.h"
#include "supervisor/process/kill.h"
#include "supervisor/process/spawn.h"
#include "tests/process/fixture.h"
#include "tests/process/host.h"

namespace lc::process {
namespace {

/// Null, and said so, on a host that gives us no cgroups: the case is skipped.
std::unique_ptr<CgroupTree> make_tree() {
  auto tree = CgroupTree::create(own_cgroup_folder("cgroup2"), fresh_name(), CgroupVersion::v2);
  if (!tree) {
    skip(tree.error().message);
    return nullptr;
  }
  return *std::move(tree);
}

std::vector<std::string> folders(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_directory()) {
      names.push_back(entry.path().filename());
    }
  }
  return names;
}

TEST_CASE("cgroup: a tree is made below our own, and leaves nothing behind") {
  std::string folder;
  {
    const auto tree = make_tree();
    if (!tree) {
      return;
    }
    folder = tree->folder();
    CHECK(std::filesystem::is_directory(folder));
    const auto one = tree->make("vision.1");
    REQUIRE(one);
    CHECK_FALSE((*one)->is_populated());
    CHECK(std::filesystem::create_directory((*one)->folder() + "/made_by_the_worker"));
  }
  CHECK_FALSE(std::filesystem::exists(folder));
}

TEST_CASE("cgroup: a worker joins by itself, before it is ready, and holds no way to leave") {
  const auto cells = make_cells();
  if (!cells) {
    return;
  }
  FleetFixture fixture({.cells = cells.get()});
  fixture.add({"show:fds", "ready", "await-signal", "exit:1"});
  fixture.until_ready();
  const std::string folder = cell_folder(*cells, "vision.1");
  CHECK(content(folder + "/cgroup.procs") == std::to_string(fixture.info().pid) + "\n");
  ::kill(fixture.info().pid, SIGUSR1);
  CHECK(fixture.until_failure().ended.output == "fds: 0 1 2 3\n");
}

TEST_CASE("B10 each generation has a cgroup of its own, removed when it is gone") {
  const auto cells = make_cells();
  if (!cells) {
    return;
  }
  FleetFixture fixture({.cells = cells.get()});
  fixture.add({"ready", "sleep"});
  fixture.until_ready();
  fixture.fleet().arm(kCrew, kSlice, kAttempt, monotonic_now());
  fixture.until_failure();
  fixture.until_ready();
  fixture.until_removed(std::string(cells->folder()) + "/" + kCrew.value + ".1");
  CHECK(folders(std::string(cells->folder())) == std::vector<std::string>{kCrew.value + ".2"});
}

TEST_CASE("cgroup: the limits of a crew's file are what the kernel holds its worker to") {
  const auto cells = make_cells();
  if (!cells) {
    return;
  }
  const auto cell = cells->make("limited", {.memory_mb = 64, .pids = 32, .cpu_weight = 50});
  REQUIRE(cell);
  const std::string tree(cells->folder());
  struct Row {
    std::string limit, controller, file2, value2, file1, value1;
  };
  for (const Row& row : {Row{"memory_mb", "memory", "memory.max", "67108864\n",
                             "memory.limit_in_bytes", "67108864\n"},
                         Row{"pids", "pids", "pids.max", "32\n", "pids.max", "32\n"},
                         Row{"cpu_weight", "cpu", "cpu.weight", "50\n", "cpu.shares", "512\n"}}) {
    CAPTURE(row.limit);
    const std::string of_version_1 =
        own_cgroup_folder(row.controller) + tree.substr(tree.rfind('/')) + "/limited";
    const std::string found2 = content(tree + "/limited/" + row.file2);
    const std::string found1 = content(of_version_1 + "/" + row.file1);
    const bool enforced = std::ranges::none_of(
        cells->unenforced(), [&row](const Unenforced& each) { return each.limit == row.limit; });
    CHECK((found2 == row.value2 || found1 == row.value1) == enforced);
  }
}

TEST_CASE("B10 a cgroup that was made for one generation is refused to another") {
  const auto cells = make_cells();
  if (!cells) {
    return;
  }
  const auto first = cells->make("vision.1", {});
  REQUIRE(first);
  const auto again = cells->make("vision.1", {});
  REQUIRE_FALSE(again);
  CHECK(again.error().code == ErrorCode::unavailable);
  CHECK(again.error().message.find(cell_folder(*cells, "vision.1")) != std::string::npos);
  CHECK(std::filesystem::exists(cell_folder(*cells, "vision.1")));
}

TEST_CASE("B08 without its cgroup a worker does not start, and it is no fault of the crew") {
  const auto cells = make_cells();
  if (!cells) {
    return;
  }
  const auto taken = cells->make(kCrew.value + ".1", {});
  REQUIRE(taken);
  FleetFixture fixture({.cells = cells.get()});
  fixture.add({"ready", "sleep"});
  const Told told = fixture.until_failure();
  CHECK(told.outcome() == proto::Outcome::spawn_failed);
  CHECK(told.ended.words.find(std::string(cells->folder())) != std::string::npos);
  fixture.until_ready();  // the next generation has another name
}

TEST_CASE("B08 cgroups that no worker can join are given up, and it is said why") {
  if (!make_cells()) {
    return;
  }
  const auto usable = usable_cells(fresh_name(), {chaos_worker_path(), "exit:0"});
  CHECK(usable->level() == Containment::cgroup);
  CHECK(folders(std::string(usable->folder())).empty());
  const auto refused = usable_cells(fresh_name(), {chaos_worker_path(), "exit:69"});
  CHECK(refused->level() == Containment::session);
  CHECK(refused->why().find("cannot join") != std::string::npos);
  CHECK(usable_cells(fresh_name(), {"/no/such/program"})->level() == Containment::session);
  CHECK(processes_left().empty());
}

TEST_CASE("D01 what a supervisor that died has left is killed and removed by the next") {
  const auto first = make_tree();
  if (!first) {
    return;
  }
  const std::string left =
      std::filesystem::path(first->folder()).parent_path() / ("live-crew." + fresh_name());
  OwnedFd lock;  // or supervisors of other tests would take it for left already
  spin_until([&left, &lock] {
    std::filesystem::create_directories(left);
    lock.reset(::open(left.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return lock && ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0 && std::filesystem::exists(left);
  });
  REQUIRE(std::filesystem::create_directories(left + "/vision.1/below"));
  const OwnedFd procs(
      ::open((left + "/vision.1/below/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
  REQUIRE(procs);
  SpawnRequest request{.argv = {chaos_worker_path(), "ignore-signals", "survive", "sleep"},
                       .env = {std::string("LIVE_CREW_CGROUP_FD=4")}};
  request.doors = {&procs};
  const auto worker = spawn(request);
  REQUIRE(worker);
  spin_until([&left] { return !content(left + "/vision.1/below/cgroup.procs").empty(); });
  lock.reset();

  const auto second = make_tree();

  spin_until([&left] { return !std::filesystem::exists(left); });
  CHECK(std::filesystem::exists(first->folder()));  // its supervisor lives
  spin_until([&worker] { return peek_exit(worker->pidfd.get()).has_value(); });
  reap(worker->pidfd.get());
}

/// What the kernel makes of a child of this process that is born into the cgroup: killed or not.
bool is_killed_at_birth(const std::string& folder) {
  const OwnedFd cgroup(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  clone_args wanted{};
  wanted.flags = CLONE_INTO_CGROUP;
  wanted.exit_signal = SIGCHLD;
  wanted.cgroup = static_cast<std::uint64_t>(cgroup.get());
  const auto child = static_cast<pid_t>(::syscall(SYS_clone3, &wanted, sizeof wanted));
  if (child == 0) {
    ::_exit(0);
  }
  int status = 0;
  return ::waitpid(child, &status, 0) == child && WIFSIGNALED(status);
}

/// A cgroup in which `cgroup.kill` was used while it was empty; null, and said so, without any.
std::unique_ptr<TestCgroup> make_killed_cgroup() {
  if (!make_cells()) {
    return nullptr;
  }
  auto cgroup = std::make_unique<TestCgroup>(own_cgroup_folder("cgroup2"));
  REQUIRE(cgroup->write("cgroup.kill", "1"));
  return cgroup;
}

TEST_CASE("B09 a supervisor whose own cgroup was killed once still starts workers") {
  const auto cgroup = make_killed_cgroup();
  if (!cgroup) {
    return;
  }
  const int exit_code = in_child([&cgroup] {
    if (!cgroup->write("cgroup.procs", "0")) {
      return 2;
    }
    const auto usable = usable_cells(fresh_name(), {chaos_worker_path(), "exit:0"});
    return usable->level() == Containment::cgroup ? 0 : 1;
  });
  CHECK(exit_code == 0);
}

TEST_CASE(
    "B09 the trap is real: in a cgroup that was killed once, what is born into another dies") {
  const auto cgroup = make_killed_cgroup();
  if (!cgroup) {
    return;
  }
  const TestCgroup fresh(own_cgroup_folder("cgroup2"));
  CHECK_FALSE(is_killed_at_birth(fresh.folder()));
  const int exit_code = in_child([&cgroup, &fresh] {
    if (!cgroup->write("cgroup.procs", "0")) {
      return 2;
    }
    return is_killed_at_birth(fresh.folder()) ? 0 : 1;
  });
  if (exit_code == 1) {
    skip("this kernel has no such fault");
    return;
  }
  CHECK(exit_code == 0);
}

}  // namespace
}  // namespace lc::process
