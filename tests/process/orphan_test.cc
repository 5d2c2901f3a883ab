#include <doctest/doctest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <sstream>

#include "supervisor/process/kill.h"
#include "supervisor/process/orphans.h"
#include "supervisor/process/pidfd.h"
#include "supervisor/process/spawn.h"
#include "tests/process/fixture.h"

namespace lc::process {
namespace {

constexpr int kPatienceMs = 30'000;

bool wait_readable(int fd) {
  pollfd wait{fd, POLLIN, 0};
  return ::poll(&wait, 1, kPatienceMs) == 1;
}

/// The pids that a fleet_host prints before `up`.
std::vector<pid_t> pids_of_host(int fd) {
  std::string text;
  while (text.find("up\n") == std::string::npos) {
    char buffer[4096];
    REQUIRE(wait_readable(fd));
    const ssize_t count = ::read(fd, buffer, sizeof buffer);
    REQUIRE(count > 0);
    text.append(buffer, static_cast<std::size_t>(count));
  }
  std::vector<pid_t> pids;
  std::istringstream lines(text);
  for (pid_t pid = 0; lines >> pid;) {
    pids.push_back(pid);
  }
  return pids;
}

TEST_CASE("orphans: a supervisor that is killed leaves no worker, busy, hung or stopped") {
  for (const char* hang : {"sleep", "spin", "stop", "child"}) {
    CAPTURE(hang);
    auto orphans = Orphans::create();
    REQUIRE(orphans);
    auto host = spawn({.argv = {fleet_host_path(), chaos_worker_path(), "8", "ready", hang}});
    REQUIRE(host);
    orphans->add_worker(host->pid, "host");
    const auto pids = pids_of_host(host->output_read.get());
    REQUIRE(pids.size() == 8);
    std::vector<OwnedFd> watched;
    for (const pid_t pid : pids) {
      watched.emplace_back(::pidfd_open(pid, 0));
      REQUIRE(watched.back());
    }

    ::pidfd_send_signal(host->pidfd.get(), SIGKILL, nullptr, 0);

    CHECK(wait_readable(host->pidfd.get()));
    for (const OwnedFd& worker : watched) {
      CHECK(wait_readable(worker.get()));
    }
    reap(host->pidfd.get());
    orphans->remove_worker(host->pid);
    if (std::string_view(hang) != "child") {  // with a child: the end of stdin kills the group
      orphans->reap();
      CHECK(processes_left().empty());
    }
  }
}

}  // namespace
}  // namespace lc::process
