#include "tests/bench/kill_host.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>

#include "common/clock.h"
#include "supervisor/process/containment.h"

namespace lc::bench {
namespace {

constexpr Micros kPatience = seconds(60);
constexpr Micros kGrace = millis(100);

// Kills every process of every worker; empty: no cgroups. Never changed once workers exist.
std::string g_kill_file;

void kill_workers() {
  const int fd = ::open(g_kill_file.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd >= 0 && ::write(fd, "1", 1) == 1) {
    ::close(fd);
  }
}

void on_signal(int) {
  kill_workers();
  std::_Exit(1);
}

}  // namespace

void give_up(std::string_view words) {
  fmt::print(stderr, "{}\n", words);
  kill_workers();
  std::_Exit(1);
}

Host::Host(const std::vector<std::string>& probe)
    : cgroups_name_(fmt::format("bench.{}", ::getpid())),
      loop_(must(UvLoop::create())),
      timers_(must(LoopTimers::create(loop_->get()))),
      cells_(process::usable_cells(cgroups_name_, probe)) {
  if (cells_->level() != process::Containment::cgroup) {
    fmt::print(stderr, "measured without cgroups: {}\n", cells_->why());
  } else {
    g_kill_file = std::string(cells_->folder()) + "/cgroup.kill";
  }
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    std::signal(number, on_signal);
  }
  process::FleetHooks hooks{
      .on_ready =
          [this](const CrewId&) {
            if (on_ready) {
              on_ready();
            }
          },
      .on_reaction_failed = [this](const process::Ended& ended) { failed(ended); },
      .on_idle_failure = [](const process::Ended& ended) { give_up("a worker: " + ended.words); }};
  fleet_ = must(
      process::Fleet::create(loop_->get(), *timers_, std::move(hooks), {.cells = cells_.get()}));
}

Host::~Host() {
  bool gone = false;
  fleet_->shutdown(kGrace, [&gone] { gone = true; });
  until([&gone] { return gone; });
  fleet_.reset();
  cells_.reset();
  timers_.reset();
  loop_->close();
}

void Host::failed(const process::Ended& ended) {
  failed_ = {.ended = ended, .at = monotonic_now()};
}

void Host::until(const std::function<bool()>& done) {
  const TimerId alarm = timers_->arm(monotonic_now() + kPatience,
                                     [] { give_up("what was waited for did not happen"); });
  while (!done()) {
    loop_->run_once();
  }
  timers_->cancel(alarm);
}

Host::Failed Host::miss_deadline(MonoTime deadline) {
  fleet_->start(kCrew);
  failed_.reset();
  fleet_->arm(kCrew, {++slice_}, {1}, deadline);
  until([this] { return failed_.has_value(); });
  if (failed_->ended.outcome != proto::Outcome::timeout) {
    give_up("not a timeout: " + failed_->ended.words);
  }
  return *failed_;
}

process::Fleet::WorkerInfo Host::worker() const {
  return fleet_->workers().front();
}

}  // namespace lc::bench
