#include "supervisor/process/controllers.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "common/clock.h"
#include "common/files.h"
#include "supervisor/process/cgroup.h"
#include "supervisor/process/cgroup_paths.h"
#include "supervisor/process/kill.h"
#include "supervisor/process/spawn.h"
#include "tests/process/fixture.h"

namespace lc::process {
namespace {

using Words = std::vector<std::string>;

std::string proc(const char* file) {
  return read_text_file(file, std::size_t{1} << 20).value_or("");
}

std::ptrdiff_t processes_in(const std::string& folder) {
  return std::ranges::count(read_control(folder, "cgroup.procs"), '\n');
}

/// A cgroup below our own with this process in it and a controller that can be passed on; its end
/// puts everything back.
class Inside {
 public:
  explicit Inside(const char* test) {
    const auto mount = find_cgroup2(proc("/proc/self/mountinfo"));
    const auto own = own_cgroup2(proc("/proc/self/cgroup"));
    home_ = mount && own ? cgroup_folder(*mount, *own).value_or("") : "";
    const std::string all = home_.empty() ? "" : read_control(home_, "cgroup.controllers");
    controller_ = all.substr(0, all.find_first_of(" \n"));
    if (controller_.empty() || !write_control(home_, "cgroup.subtree_control", "+" + controller_)) {
      std::printf("SKIPPED: %s: no controller of cgroup v2 can be passed on here\n", test);
      return;
    }
    folder_ = home_ + "/test.controllers." + std::to_string(::getpid());
    REQUIRE(::mkdir(folder_.c_str(), 0755) == 0);
    REQUIRE(write_control(folder_, "cgroup.procs", "0"));
  }
  ~Inside() {
    if (folder_.empty()) {
      return;
    }
    CHECK(write_control(home_, "cgroup.procs", "0"));
    ::rmdir((folder_ + "/supervisor").c_str());
    const MonoTime end = monotonic_now() + kPatience;  // what was killed in it is still dying
    while (::rmdir(folder_.c_str()) != 0 && monotonic_now() < end) {
    }
    CHECK_FALSE(std::filesystem::exists(folder_));
  }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

  explicit operator bool() const { return !folder_.empty(); }
  const std::string& folder() const { return folder_; }
  const std::string& controller() const { return controller_; }

 private:
  std::string home_;
  std::string folder_;
  std::string controller_;
};

TEST_CASE("controllers: a supervisor alone in its cgroup makes room, and can limit its workers") {
  const Inside inside(
      "controllers - a supervisor alone in its cgroup makes room, and can limit its workers");
  if (!inside) {
    return;
  }
  CHECK(enable_controllers(inside.folder(), {inside.controller(), "no_such"}) ==
        Words{inside.controller()});
  CHECK(read_control(inside.folder(), "cgroup.procs").empty());
  CHECK(lists(read_control(inside.folder(), "cgroup.subtree_control"), inside.controller()));
  CHECK(own_cgroup2(proc("/proc/self/cgroup"))->ends_with("/supervisor"));
  CHECK(enable_controllers(inside.folder(), {inside.controller()}) == Words{inside.controller()});
}

TEST_CASE("controllers: a cgroup with somebody else's processes stays as it is") {
  const Inside inside("controllers - a cgroup with somebody else's processes stays as it is");
  if (!inside) {
    return;
  }
  // A process of a process of ours is not our child.
  auto stranger = spawn({.argv = {chaos_worker_path(), "child", "ready", "sleep"}});
  REQUIRE(stranger);
  const MonoTime end = monotonic_now() + kPatience;
  while (processes_in(inside.folder()) < 3) {
    REQUIRE(monotonic_now() < end);
  }
  CHECK(enable_controllers(inside.folder(), {inside.controller()}).empty());
  CHECK_FALSE(std::filesystem::exists(inside.folder() + "/supervisor"));
  kill_group(stranger->pid, stranger->pidfd.get());
  while (processes_in(inside.folder()) > 1) {
    REQUIRE(monotonic_now() < end);
    if (peek_exit(stranger->pidfd.get())) {
      reap(stranger->pidfd.get());
    }
  }
}

}  // namespace
}  // namespace lc::process
