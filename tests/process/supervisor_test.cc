#include <doctest/doctest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <sstream>
#include <utility>

#include "supervisor/process/kill.h"
#include "supervisor/process/orphans.h"
#include "supervisor/process/pidfd.h"
#include "supervisor/process/spawn.h"
#include "tests/process/fixture.h"
#include "tests/process/host.h"

// What becomes of workers when their supervisor, here a fleet_host, is killed or stopped.
namespace lc::process {
namespace {

constexpr int kWorkers = 8;

/// A fleet_host, killed and reaped at the end. What it leaves comes to us.
class Host {
 public:
  explicit Host(std::vector<std::string> arguments) {
    auto orphans = Orphans::create();
    REQUIRE(orphans);
    orphans_.emplace(*std::move(orphans));
    SpawnRequest request{.argv = {fleet_host_path()}};
    request.argv.insert(request.argv.end(), arguments.begin(), arguments.end());
    auto process = spawn(request);
    REQUIRE(process);
    process_ = *std::move(process);
    orphans_->add_worker(process_.pid, "host");
  }
  ~Host() {
    if (process_.pid != 0) {
      end();
    }
  }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  pid_t pid() const { return process_.pid; }
  void send(int number) { ::kill(process_.pid, number); }

  /// Reads until the line was written; everything before it.
  std::string read_until(const std::string& line) {
    while (!text_.starts_with(line + "\n") && text_.find("\n" + line + "\n") == std::string::npos) {
      std::array<char, 4096> buffer;
      REQUIRE(wait_readable(process_.output_read.get()));
      const ssize_t count = ::read(process_.output_read.get(), buffer.data(), buffer.size());
      REQUIRE(count > 0);
      text_.append(buffer.data(), static_cast<std::size_t>(count));
    }
    const auto at = text_.starts_with(line + "\n") ? 0 : text_.find("\n" + line + "\n") + 1;
    const std::string before = text_.substr(0, at);
    text_.erase(0, at + line.size() + 1);
    return before;
  }

  void end() {
    send(SIGKILL);
    send(SIGCONT);
    CHECK(wait_readable(process_.pidfd.get()));
    reap(process_.pidfd.get());
    orphans_->remove_worker(std::exchange(process_.pid, 0));
  }
  void until_no_orphan() {
    spin_until([this] {
      orphans_->reap();
      return processes_left().empty();
    });
  }

 private:
  std::optional<Orphans> orphans_;
  Spawned process_;
  std::string text_;
};

/// A pidfd for each number, one a line.
std::vector<OwnedFd> watch_all(const std::string& pids) {
  std::vector<OwnedFd> watched;
  std::istringstream lines(pids);
  for (pid_t pid = 0; lines >> pid;) {
    watched.emplace_back(::pidfd_open(pid, 0));
    REQUIRE(watched.back());
  }
  return watched;
}

TEST_CASE("orphans: a supervisor that is killed leaves no worker, busy, hung or stopped") {
  const std::vector<std::vector<std::string>> hangs = {
      {"ready", "sleep"},
      {"ready", "spin"},
      {"ready", "stop"},
      {"no-death-signal", "child", "ready"},  // or the worker died before it could end its child
  };
  for (const auto& hang : hangs) {
    CAPTURE(hang.back());
    std::vector<std::string> arguments = {chaos_worker_path(), std::to_string(kWorkers)};
    arguments.insert(arguments.end(), hang.begin(), hang.end());
    Host host(arguments);
    const auto workers = watch_all(host.read_until("up"));
    REQUIRE(workers.size() == kWorkers);

    host.end();

    for (const OwnedFd& worker : workers) {
      CHECK(wait_readable(worker.get()));
    }
    host.until_no_orphan();
  }
}

TEST_CASE("B07 a supervisor killed right after it started its first worker leaves none") {
  for (int i = 0; i < 10; ++i) {
    Host host({chaos_worker_path(), std::to_string(kWorkers), "no-death-signal", "sleep"});
    const std::string pid = std::to_string(host.pid());
    spin_until([&pid] { return !content("/proc/" + pid + "/task/" + pid + "/children").empty(); });

    host.end();

    host.until_no_orphan();
  }
}

TEST_CASE("A17 a supervisor that was stopped past its deadlines kills once, when it goes on") {
  constexpr Micros kDeadline = millis(1000);
  constexpr Micros kStopped = millis(1500);
  Host host(
      {"--deadline-ms=1000", chaos_worker_path(), std::to_string(kWorkers), "ready", "sleep"});
  const auto workers = watch_all(host.read_until("up"));
  std::vector<pollfd> deaths;
  deaths.reserve(workers.size());
  for (const OwnedFd& worker : workers) {
    deaths.push_back({.fd = worker.get(), .events = POLLIN, .revents = 0});
  }
  host.send(SIGSTOP);
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(host.pid()), &info, WSTOPPED | WNOWAIT) == 0);
  REQUIRE(info.si_code == CLD_STOPPED);
  CHECK(::poll(deaths.data(), deaths.size(), static_cast<int>(kStopped.us / 1000)) == 0);

  host.send(SIGCONT);

  std::istringstream lines(host.read_until("again"));
  std::vector<std::string> crews;
  std::string word;
  std::string crew;
  std::string outcome;
  for (std::int64_t overshoot_us = 0; lines >> word >> crew >> outcome >> overshoot_us;) {
    CHECK(word == "failed");
    CHECK(outcome == "timeout");
    CHECK(Micros{overshoot_us} >= kStopped - kDeadline);
    crews.push_back(crew);
  }
  std::ranges::sort(crews);
  CHECK(crews.size() == kWorkers);
  CHECK(std::ranges::adjacent_find(crews) == crews.end());
  for (const OwnedFd& worker : workers) {
    CHECK(wait_readable(worker.get()));
  }
  host.end();
  host.until_no_orphan();
}

}  // namespace
}  // namespace lc::process
