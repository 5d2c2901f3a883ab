#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "common/clock.h"
#include "supervisor/process/kill.h"
#include "supervisor/process/spawn.h"
#include "tests/process/fixture.h"
#include "tests/process/host.h"

// Starting workers where something is short, or big, or gone.
namespace lc::process {
namespace {

constexpr int kFailures = 1000;

/// While it lives, so many more descriptors can be opened.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t more) {
    const OwnedFd next(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0));
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
    rlimit less = before_;
    less.rlim_cur = static_cast<rlim_t>(next.get()) + more;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &less) == 0);
  }
  ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

 private:
  rlimit before_{};
};

/// So that the numbers which a worker's descriptors are moved to are taken.
std::vector<OwnedFd> take_low_numbers() {
  std::vector<OwnedFd> taken(16);
  for (OwnedFd& fd : taken) {
    fd.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  }
  return taken;
}

TEST_CASE("B02 a thousand failures for want of descriptors leave none behind") {
  const auto low = take_low_numbers();
  const SpawnRequest request{.argv = {chaos_worker_path(), "exit:0"}};
  const int before = open_descriptors();
  int failures = 0;
  for (rlim_t more = 0; failures < kFailures; more = (more + 1) % 7) {  // seven are needed
    const DescriptorLimit limit(more);
    const auto spawned = spawn(request);
    REQUIRE_FALSE(spawned);
    REQUIRE(spawned.error().code == ErrorCode::overloaded);
    failures += 1;
  }
  CHECK(open_descriptors() == before);
  CHECK(processes_left().empty());
}

TEST_CASE("B02 a crew whose worker finds no descriptors is tried again, and it is no strike") {
  const auto low = take_low_numbers();
  FleetFixture fixture;
  {
    const DescriptorLimit limit(3);
    fixture.add({"ready"});
    const Told told = fixture.until_failure();
    CHECK(told.what == Told::What::idle_failure);
    CHECK(told.outcome() == proto::Outcome::spawn_failed);
    CHECK_FALSE(proto::is_strike(told.outcome()));
    CHECK(told.ended.words.find("Too many open files") != std::string::npos);
  }
  fixture.until_ready();
}

/// In a cgroup where no process can be added: how often starting one did not fail as it should, or
/// left something.
int surprises_without_forks(const TestCgroup& full) {
  if (!full.write("cgroup.procs", "0")) {
    return 99;
  }
  int surprises = 0;
  const SpawnRequest request{.argv = {chaos_worker_path(), "exit:0"}};
  const int before = open_descriptors();
  for (int i = 0; i < kFailures; ++i) {
    const auto spawned = spawn(request);
    const bool as_it_should = !spawned && spawned.error().code == ErrorCode::overloaded;
    surprises = std::min(98, surprises + (as_it_should ? 0 : 1));
  }
  return surprises + (open_descriptors() == before ? 0 : 1);
}

TEST_CASE("B02 a thousand failures for want of processes leave no descriptor behind") {
  const std::string pids = own_cgroup_folder("pids");
  if (pids.empty()) {
    skip("no cgroup v1 controller 'pids'");
    return;
  }
  const TestCgroup full(pids);
  REQUIRE(full.write("pids.max", "1"));
  CHECK(in_child([&full] { return surprises_without_forks(full); }) == 0);
}

/// The shortest of many calls: what the machine does beside adds to most of them.
Micros shortest_spawn() {
  Micros shortest = seconds(60);
  for (int i = 0; i < 30; ++i) {
    const MonoTime start = monotonic_now();
    const auto spawned = spawn({.argv = {"/bin/true"}});
    shortest = std::min(shortest, monotonic_now() - start);
    REQUIRE(spawned);
    REQUIRE(wait_readable(spawned->pidfd.get()));
    reap(spawned->pidfd.get());
  }
  return shortest;
}

TEST_CASE("B03 a supervisor of 512 MiB starts workers as fast as a small one") {
  const Micros small = shortest_spawn();
  const std::string memory(std::size_t{512} << 20, 'x');
  const Micros big = shortest_spawn();
  CAPTURE(small.us);
  CAPTURE(big.us);
  CHECK(memory.back() == 'x');
  CHECK(big < Micros{10 * small.us} + millis(2));  // a plain fork takes a hundred times as long
}

/// Starts a worker on a thread that ends once it is ready.
Spawned spawned_on_a_thread(const std::vector<std::string>& steps) {
  SpawnRequest request{.argv = {chaos_worker_path()}};
  request.argv.insert(request.argv.end(), steps.begin(), steps.end());
  Spawned worker;
  bool ready = false;
  std::thread([&request, &worker, &ready] {
    if (auto spawned = spawn(request)) {
      worker = *std::move(spawned);
      ready = wait_readable(worker.status_read.get());
    }
  }).join();
  REQUIRE(ready);
  return worker;
}

TEST_CASE("B06 a worker outlives the thread that started it") {
  const Spawned worker = spawned_on_a_thread({"survive", "ready", "await-signal", "exit:7"});
  ::kill(worker.pid, SIGUSR1);
  REQUIRE(wait_readable(worker.pidfd.get()));
  CHECK(peek_exit(worker.pidfd.get()) == ExitStatus{.code = 7, .signal = 0});
  reap(worker.pidfd.get());
}

TEST_CASE("B06 the trap is real: with PR_SET_PDEATHSIG a worker dies with that thread") {
  const Spawned worker = spawned_on_a_thread({"ignore-eof", "ready", "await-signal", "exit:7"});
  REQUIRE(wait_readable(worker.pidfd.get()));
  CHECK(peek_exit(worker.pidfd.get()) == ExitStatus{.code = 0, .signal = SIGKILL});
  reap(worker.pidfd.get());
}

}  // namespace
}  // namespace lc::process
