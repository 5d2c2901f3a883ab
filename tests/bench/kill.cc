// How punctual and how complete the Fleet's kills are. Prints one JSON object.
//
//   kill deadline CHAOS_WORKER COUNT BUSY_LOOPS   a tree, 100 ms before its deadline, COUNT times
//   kill cycles CHAOS_WORKER COUNT                what COUNT spawns and kills leave behind
//
// The Fleet's own times are checked against this program's clock: another thread sees the leader
// die, the hook's call is when this program is told, and /proc says what still runs then.

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "supervisor/process/pidfd.h"
#include "supervisor/process/procfs.h"
#include "tests/bench/busy.h"
#include "tests/bench/kill_host.h"
#include "tests/bench/program.h"
#include "tests/bench/samples.h"

namespace lc::bench {
namespace {

using process::Fleet;

constexpr Micros kDelay = millis(100);  // the same as in kill_floor.cc
constexpr int kWarmUpCycles = 50;
constexpr std::size_t kTreeSize = 4;

std::vector<std::string> probe(const std::string& chaos_worker) {
  return {chaos_worker, "ignore-eof", "exit:0"};
}

void add(Host& host, const std::string& chaos_worker, std::vector<std::string> steps) {
  process::WorkerSpec spec{.crew = kCrew, .argv = {chaos_worker}, .stdin_line = "{}"};
  spec.argv.insert(spec.argv.end(), steps.begin(), steps.end());
  host.fleet().add(std::move(spec));
}

/// The leader and its children.
std::vector<pid_t> tree_of(pid_t leader) {
  auto tree = process::parse_pids(
      process::read_proc(fmt::format("/proc/{0}/task/{0}/children", leader)).value_or(""));
  tree.push_back(leader);
  return tree;
}

bool is_running(pid_t pid) {
  const auto stat = process::stat_of(pid);
  return stat && stat->state != 'Z' && stat->state != 'X';
}

/// When the process is dead, as a thread beside the loop sees it.
std::future<MonoTime> watch(pid_t pid) {
  OwnedFd fd(::pidfd_open(pid, 0));
  if (!fd) {
    give_up("pidfd_open failed");
  }
  return std::async(std::launch::async, [fd = std::move(fd)] {
    pollfd dead{.fd = fd.get(), .events = POLLIN, .revents = 0};
    while (::poll(&dead, 1, -1) != 1) {
    }
    return monotonic_now();
  });
}

struct Deadlines {
  std::vector<std::int64_t> issued;  // deadline to SIGKILL: the Fleet's own time
  std::vector<std::int64_t> dead;    // to the leader's death: another thread's
  std::vector<std::int64_t> gone;    // to the hook that tells that the tree is gone: this thread's
  std::int64_t early = 0;            // kills before the deadline
  std::int64_t untrue = 0;           // times of the Fleet that cannot be
  std::int64_t survivors = 0;        // processes that ran when the tree was told to be gone

  void add(const Host::Failed& failed, MonoTime deadline, MonoTime died) {
    const std::int64_t overshoot = failed.ended.overshoot_us.value_or(-1);
    const std::int64_t tree_gone = failed.ended.tree_gone_us.value_or(-1);
    issued.push_back(overshoot);
    dead.push_back((died - deadline).us);
    gone.push_back((failed.at - deadline).us);
    early += overshoot < 0 || died < deadline ? 1 : 0;
    untrue += overshoot > tree_gone || overshoot > dead.back() || tree_gone > gone.back() ? 1 : 0;
  }
};

int deadline(const std::vector<std::string>& words) {
  Host host(probe(words[0]));
  add(host, words[0], {"child", "child", "setsid-child", "ready", "spin"});
  const BusyLoops beside(std::stoi(words[2]));  // not in the cell, nor the Fleet's to reap
  Deadlines all;
  for (int left = std::stoi(words[1]); left > 0; --left) {
    host.until([&host] { return host.fleet().is_ready(kCrew); });
    const pid_t leader = host.worker().pid;
    const auto tree = tree_of(leader);
    if (tree.size() != kTreeSize) {
      give_up("the tree is not whole");
    }
    auto died = watch(leader);
    const MonoTime due = monotonic_now() + kDelay;
    const Host::Failed failed = host.miss_deadline(due);
    all.survivors += std::ranges::count_if(tree, is_running);
    all.add(failed, due, died.get());
  }
  fmt::print(R"({{"issued":{},"dead":{},"gone":{},"early":{},"untrue":{},"survivors":{}}})"
             "\n",
             percentiles(all.issued), percentiles(all.dead), percentiles(all.gone), all.early,
             all.untrue, all.survivors);
  return 0;
}

struct Kept {
  std::int64_t descriptors = 0;
  std::int64_t rss_kb = 0;
  std::int64_t cgroups = 0;    // of all versions
  std::int64_t processes = 0;  // children, dead ones too
};

std::int64_t cgroups_of(const std::string& name) {
  namespace fs = std::filesystem;
  std::int64_t count = 0;
  std::error_code error;
  const auto options = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator entry("/sys/fs/cgroup", options, error), end;
       entry != end && !error; entry.increment(error)) {
    if (entry->is_directory(error) && entry->path().string().find(name) != std::string::npos) {
      count += 1;
    }
  }
  return count;
}

Kept kept(const Host& host) {
  const auto statm = process::parse_pids(process::read_proc("/proc/self/statm").value_or(""));
  Kept kept{.cgroups = cgroups_of(host.cgroups_name()),
            .processes = std::ssize(process::children_of_this_process())};
  for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
    kept.descriptors += 1;
  }
  kept.rss_kb = statm.size() > 1 ? std::int64_t{statm[1]} * ::sysconf(_SC_PAGESIZE) / 1024 : 0;
  return kept;
}

int cycles(const std::vector<std::string>& words) {
  Host host(probe(words[0]));
  add(host, words[0], {"child", "setsid-child", "daemon", "zombie", "ready", "sleep"});
  const auto cycle = [&host] {
    host.until([&host] { return host.fleet().is_ready(kCrew); });
    host.miss_deadline(monotonic_now());
    host.until([&host] { return host.fleet().is_ready(kCrew); });
  };
  for (int i = 0; i < kWarmUpCycles; ++i) {
    cycle();
  }
  const Kept before = kept(host);
  const int count = std::stoi(words[1]);
  for (int i = 0; i < count; ++i) {
    cycle();
  }
  const Kept after = kept(host);
  fmt::print(R"({{"count":{},"descriptors":{},"rss_kb":{},"cgroups":{},"processes":{}}})"
             "\n",
             count, after.descriptors - before.descriptors, after.rss_kb - before.rss_kb,
             after.cgroups - before.cgroups, after.processes - before.processes);
  return 0;
}

}  // namespace
}  // namespace lc::bench

int main(int argc, char** argv) {
  using namespace lc::bench;
  const std::vector<Command> commands = {{"deadline", {3}, deadline}, {"cycles", {2}, cycles}};
  return run_program(commands, argc, argv);
}
