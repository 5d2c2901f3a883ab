#include "tests/process/host.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "common/clock.h"
#include "supervisor/process/cgroup.h"
#include "supervisor/process/cgroup_paths.h"
#include "supervisor/process/procfs.h"
#include "tests/process/fixture.h"

namespace lc::process {
namespace {

constexpr Micros kTick = millis(5);

}  // namespace

void skip(std::string_view reason) {
  std::string name = doctest::getContextOptions()->currentTest->m_name;
  for (auto at = name.find(": "); at != std::string::npos; at = name.find(": ")) {
    name.replace(at, 1, " -");
  }
  std::printf("SKIPPED: %s: %.*s\n", name.c_str(), static_cast<int>(reason.size()), reason.data());
}

std::string content(const std::string& path) {
  return read_proc(path).value_or("");
}

std::string fresh_name() {
  static int names = 0;
  return "test." + std::to_string(::getpid()) + "." + std::to_string(++names);
}

std::string own_cgroup_folder(std::string_view controller) {
  const std::string mountinfo = content("/proc/self/mountinfo");
  const std::string own = content("/proc/self/cgroup");
  const bool is_v2 = controller == "cgroup2";
  const auto mount = is_v2 ? find_cgroup2(mountinfo) : find_cgroup1(mountinfo, controller);
  const auto path = is_v2 ? own_cgroup2(own) : own_cgroup1(own, controller);
  return mount && path ? cgroup_folder(*mount, *path).value_or("") : "";
}

std::unique_ptr<Cells> make_cells() {
  auto cells = Cells::create(fresh_name());
  if (cells->level() != Containment::cgroup) {
    skip(cells->why());
    return nullptr;
  }
  return cells;
}

std::unique_ptr<Cells> make_cells_with(std::string_view limit) {
  auto cells = make_cells();
  for (const Unenforced& one : cells ? cells->unenforced() : std::vector<Unenforced>{}) {
    if (one.limit == limit) {
      skip(one.why);
      return nullptr;
    }
  }
  return cells;
}

std::string cell_folder(const Cells& cells, std::string_view name) {
  return std::string(cells.folder()) + "/" + std::string(name);
}

void spin_until(const std::function<bool()>& done) {
  const MonoTime end = monotonic_now() + kPatience;
  while (!done()) {
    REQUIRE(monotonic_now() < end);
  }
}

bool wait_readable(int fd) {
  pollfd wait{fd, POLLIN, 0};
  return ::poll(&wait, 1, static_cast<int>(kPatience.us / 1000)) == 1;
}

int in_child(const std::function<int()>& what) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::_exit(what());
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// Supervisors that look for what others left take a name of theirs, `live-crew.`, for left.
TestCgroup::TestCgroup(const std::string& parent) : folder_(parent + "/" + fresh_name()) {
  REQUIRE(std::filesystem::create_directory(folder_));
}

TestCgroup::~TestCgroup() {
  const MonoTime end = monotonic_now() + kPatience;
  while (::rmdir(folder_.c_str()) != 0 && monotonic_now() < end) {
  }
}

bool TestCgroup::write(std::string_view file, std::string_view value) const {
  return write_control(folder_, file, value).has_value();
}

Heartbeat::Heartbeat(Timers& timers) : timers_(timers), last_(monotonic_now()) {
  arm();
}

void Heartbeat::arm() {
  timer_ = timers_.arm(monotonic_now() + kTick, [this] {
    longest_ = longest();
    last_ = monotonic_now();
    ticks_ += 1;
    arm();
  });
}

Micros Heartbeat::longest() const {
  return std::max(longest_, monotonic_now() - last_ - kTick);
}

}  // namespace lc::process
