#include "supervisor/process/cgroup.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "common/clock.h"
#include "supervisor/process/cgroup_paths.h"
#include "supervisor/process/containment.h"
#include "supervisor/process/kill.h"
#include "supervisor/process/spawn.h"
#include "tests/process/fixture.h"

namespace lc::process {
namespace {

std::string name_of_this_test() {
  static int trees = 0;
  return "test." + std::to_string(getpid()) + "." + std::to_string(++trees);
}

std::string content(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string own_folder() {
  const auto mount = find_cgroup2(content("/proc/self/mountinfo"));
  const auto own = own_cgroup2(content("/proc/self/cgroup"));
  return mount && own ? cgroup_folder(*mount, *own).value_or("") : "";
}

/// Null, and said so, on a host that gives us no cgroups: the case is skipped.
std::unique_ptr<CgroupTree> make_tree(const char* test) {
  auto tree = CgroupTree::create(own_folder(), name_of_this_test(), CgroupVersion::v2);
  if (!tree) {
    std::printf("SKIPPED: %s: %s\n", test, tree.error().message.c_str());
    return nullptr;
  }
  return *std::move(tree);
}

/// The same as cells.
std::unique_ptr<Cells> make_cells(const char* test) {
  auto cells = Cells::create(name_of_this_test());
  if (cells->level() != Containment::cgroup) {
    std::printf("SKIPPED: %s: %s\n", test, cells->why().c_str());
    return nullptr;
  }
  return cells;
}

/// Where the cgroups of version 2 of these cells are.
std::string folder_of(const Cells& cells) {
  return std::string(cells.folder());
}

void until(const std::function<bool()>& done) {
  const MonoTime end = monotonic_now() + seconds(30);
  while (!done()) {
    REQUIRE(monotonic_now() < end);
  }
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

Told killed_on_time(FleetFixture& fixture, std::vector<std::string> steps) {
  fixture.add(std::move(steps));
  fixture.until_ready();
  fixture.fleet().arm(kCrew, kSlice, kAttempt, monotonic_now() + millis(50));
  return fixture.until_failure();
}

TEST_CASE("cgroup: a tree is made below our own, and leaves nothing behind") {
  std::string folder;
  {
    const auto tree = make_tree("cgroup - a tree is made below our own, and leaves nothing behind");
    if (!tree) {
      return;
    }
    folder = tree->folder();
    CHECK(std::filesystem::is_directory(folder));
    const auto one = tree->make("vision.1");
    REQUIRE(one);
    CHECK_FALSE((*one)->is_populated());
    CHECK(std::filesystem::create_directory((*one)->folder() + "/made_by_the_worker"));
    const auto again = tree->make("vision.1");
    REQUIRE_FALSE(again);
    CHECK(again.error().code == ErrorCode::unavailable);
    CHECK(again.error().message.find(folder + "/vision.1") != std::string::npos);
  }
  CHECK_FALSE(std::filesystem::exists(folder));
}

TEST_CASE("cgroup: a worker joins by itself, before it is ready, and holds no way to leave") {
  const auto tree = make_cells(
      "cgroup - a worker joins by itself, before it is ready, and holds no way to leave");
  if (!tree) {
    return;
  }
  FleetFixture fixture({.cells = tree.get()});
  fixture.add({"show:fds", "ready", "await-signal", "exit:1"});
  fixture.until_ready();
  const std::string folder = folder_of(*tree) + "/" + kCrew.value + ".1";
  CHECK(content(folder + "/cgroup.procs") == std::to_string(fixture.info().pid) + "\n");
  ::kill(fixture.info().pid, SIGUSR1);
  CHECK(fixture.until_failure().ended.output == "fds: 0 1 2 3\n");
}

TEST_CASE("cgroup: each generation has one of its own, removed when it is gone") {
  const auto tree =
      make_cells("cgroup - each generation has one of its own, removed when it is gone");
  if (!tree) {
    return;
  }
  FleetFixture fixture({.cells = tree.get()});
  killed_on_time(fixture, {"ready", "sleep"});
  fixture.until_ready();
  CHECK(folders(folder_of(*tree)) == std::vector<std::string>{kCrew.value + ".2"});
}

TEST_CASE("A07 A08 a grandchild in a session of its own, or a daemon, goes with its worker") {
  const auto tree =
      make_cells("A07 A08 a grandchild in a session of its own, or a daemon, goes with its worker");
  if (!tree) {
    return;
  }
  FleetFixture fixture({.cells = tree.get()});
  const Told told =
      killed_on_time(fixture, {"child", "setsid-child", "daemon", "zombie", "ready", "spin"});
  CHECK(told.what == Told::What::reaction_failed);
  CHECK(told.outcome() == proto::Outcome::timeout);
  CHECK_FALSE(std::filesystem::exists(folder_of(*tree) + "/" + kCrew.value + ".1"));
}

TEST_CASE("A09 A10 a fork bomb that changes sessions is gone after one kill") {
  const auto tree = make_cells("A09 A10 a fork bomb that changes sessions is gone after one kill");
  if (!tree) {
    return;
  }
  FleetFixture fixture({.cells = tree.get()});
  const Told told = killed_on_time(fixture, {"bomb:64", "ready", "sleep"});
  CHECK(told.outcome() == proto::Outcome::timeout);
  CHECK(told.ended.tree_gone_us.value() < seconds(10).us);
  CHECK_FALSE(std::filesystem::exists(folder_of(*tree) + "/" + kCrew.value + ".1"));
}

TEST_CASE("B08 without its cgroup a worker does not start, and it is no fault of the crew") {
  const auto tree =
      make_cells("B08 without its cgroup a worker does not start, and it is no fault of the crew");
  if (!tree) {
    return;
  }
  const auto taken = tree->make(kCrew.value + ".1", {});
  REQUIRE(taken);
  FleetFixture fixture({.cells = tree.get()});
  fixture.add({"ready", "sleep"});
  const Told told = fixture.until_failure();
  CHECK(told.outcome() == proto::Outcome::spawn_failed);
  CHECK(told.ended.words.find(folder_of(*tree)) != std::string::npos);
  fixture.until_ready();  // the next generation has another name
}

TEST_CASE("cgroup: cgroups count as usable when a worker has joined one") {
  if (!make_cells("cgroups count as usable when a worker has joined one")) {
    return;
  }
  const auto usable = usable_cells(name_of_this_test(), {chaos_worker_path(), "exit:0"});
  CHECK(usable->level() == Containment::cgroup);
  CHECK(folders(folder_of(*usable)).empty());
  const auto refused = usable_cells(name_of_this_test(), {chaos_worker_path(), "exit:69"});
  CHECK(refused->level() == Containment::session);
  CHECK(refused->why().find("cannot join") != std::string::npos);
  CHECK(usable_cells(name_of_this_test(), {"/no/such/program"})->level() == Containment::session);
  CHECK(processes_left().empty());
}

TEST_CASE("D01 what a supervisor that died has left is killed and removed by the next") {
  const auto first =
      make_tree("D01 what a supervisor that died has left is killed and removed by the next");
  if (!first) {
    return;
  }
  const std::string left =
      std::filesystem::path(first->folder()).parent_path() / ("live-crew." + name_of_this_test());
  OwnedFd lock;  // or supervisors of other tests would take it for left already
  until([&left, &lock] {
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
  until([&left] { return !content(left + "/vision.1/below/cgroup.procs").empty(); });
  lock.reset();

  const auto second = make_tree("the next supervisor");

  until([&left] { return !std::filesystem::exists(left); });
  CHECK(std::filesystem::exists(first->folder()));  // its supervisor lives
  until([&worker] { return peek_exit(worker->pidfd.get()).has_value(); });
  reap(worker->pidfd.get());
}

}  // namespace
}  // namespace lc::process
