#include "tests/process/freezer.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "common/clock.h"
#include "supervisor/process/cgroup.h"
#include "tests/process/fixture.h"
#include "tests/process/host.h"

namespace lc::process {
namespace {

bool set_state(const std::string& folder, std::string_view state) {
  return write_control(folder, "freezer.state", state).has_value();
}

/// What is thawed dies of the SIGKILL that it was sent, if any; who else is left moves up.
void thaw_and_remove(const std::string& folder) {
  set_state(folder, "THAWED");
  const MonoTime end = monotonic_now() + kPatience;
  while (::rmdir(folder.c_str()) != 0 && monotonic_now() < end) {
    const std::string left = read_control(folder, "cgroup.procs");
    [[maybe_unused]] const Status moved =
        write_control(std::filesystem::path(folder).parent_path(), "cgroup.procs",
                      left.substr(0, left.find('\n')));
  }
}

}  // namespace

Freezer::Freezer(const std::string& hierarchy) : folder_(hierarchy + "/" + fresh_name()) {
  REQUIRE(std::filesystem::create_directory(folder_));
  auto pipe = make_pipe();
  REQUIRE(pipe);
  keeper_ = ::fork();
  if (keeper_ == 0) {
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) {
      ::signal(number, SIG_IGN);
    }
    ::dup2(pipe->read.get(), STDIN_FILENO);
    ::close_range(STDIN_FILENO + 1, ~0U, 0);
    char byte = 0;
    while (::read(STDIN_FILENO, &byte, 1) > 0) {
    }
    thaw_and_remove(folder_);
    ::_exit(0);
  }
  lifeline_ = std::move(pipe->write);
}

Freezer::~Freezer() {
  lifeline_.reset();
  ::waitpid(keeper_, nullptr, 0);
}

void Freezer::freeze(pid_t pid) {
  REQUIRE(write_control(folder_, "cgroup.procs", std::to_string(pid)));
  REQUIRE(set_state(folder_, "FROZEN"));
  spin_until([this] { return read_control(folder_, "freezer.state") == "FROZEN\n"; });
}

void Freezer::thaw() {
  REQUIRE(set_state(folder_, "THAWED"));
}

}  // namespace lc::process
