// A supervisor reduced to its Fleet, to be killed or stopped: `fleet_host [--deadline-ms=N] WORKER
// COUNT STEP...` keeps COUNT workers, writes the pids of them all, one a line, then `up`, once all
// are ready. With a deadline it then gives each worker one reaction, writes `failed CREW OUTCOME
// OVERSHOOT_US` for each that fails, and `again` once that many workers became ready again; without
// one it aborts when anything fails.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/check.h"
#include "common/clock.h"
#include "common/timers.h"
#include "common/uv.h"
#include "proto/outcome.h"
#include "supervisor/process/fleet.h"

namespace {

using namespace lc;

constexpr std::string_view kDeadlineOption = "--deadline-ms=";

struct Arguments {
  std::int64_t deadline_ms = 0;  // 0: no reactions
  int workers = 0;
  std::vector<std::string> argv;  // of a worker
};

class Host {
 public:
  explicit Host(Arguments arguments) : arguments_(std::move(arguments)) {}

  void run() {
    auto loop = UvLoop::create();
    LC_ASSERT(loop);
    auto timers = LoopTimers::create((*loop)->get());
    LC_ASSERT(timers);
    auto fleet = process::Fleet::create(
        (*loop)->get(), **timers,
        {.on_ready = [this](const CrewId&) { on_ready(); },
         .on_reaction_failed = [this](const process::Ended& ended) { on_failed(ended); },
         .on_idle_failure = [](auto&&...) { std::abort(); }});
    LC_ASSERT(fleet);
    fleet_ = *std::move(fleet);
    for (int i = 0; i < arguments_.workers; ++i) {
      fleet_->add({.crew = {"crew" + std::to_string(i)}, .argv = arguments_.argv});
    }
    (*loop)->run();
  }

 private:
  void on_ready() {
    ready_ += 1;
    if (ready_ == 2 * arguments_.workers) {
      say("again");
    }
    if (ready_ != arguments_.workers) {
      return;
    }
    for (const auto& worker : fleet_->workers()) {
      std::printf("%d\n", worker.pid);
      if (arguments_.deadline_ms > 0) {
        fleet_->arm(worker.crew, {0}, {1}, monotonic_now() + millis(arguments_.deadline_ms));
      }
    }
    say("up");
  }

  void on_failed(const process::Ended& ended) const {
    LC_ASSERT(arguments_.deadline_ms > 0);
    say("failed " + ended.crew.value + " " + std::string(proto::to_string(ended.outcome)) + " " +
        std::to_string(ended.overshoot_us.value_or(-1)));
  }

  static void say(const std::string& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
  }

  Arguments arguments_;
  std::unique_ptr<process::Fleet> fleet_;
  int ready_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  Arguments arguments;
  if (!words.empty() && words.front().starts_with(kDeadlineOption)) {
    arguments.deadline_ms = std::atoll(words.front().c_str() + kDeadlineOption.size());
    words.erase(words.begin());
  }
  if (words.size() < 2) {
    std::fprintf(stderr, "usage: fleet_host [--deadline-ms=N] WORKER COUNT STEP...\n");
    return 64;
  }
  arguments.workers = std::atoi(words[1].c_str());
  words.erase(words.begin() + 1);
  arguments.argv = std::move(words);
  Host(std::move(arguments)).run();
  return 1;
}
