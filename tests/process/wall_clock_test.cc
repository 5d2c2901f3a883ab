#include <doctest/doctest.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>

#include "common/clock.h"
#include "tests/process/fixture.h"
#include "tests/process/host.h"

// Stepping the host's clock would disturb everybody on it. So this program's own clock_gettime
// stands before libc's, for us and for every library that we load: by it, the wall clock steps for
// this process alone. What the kernel wakes us by is seen in /proc.
namespace {

constexpr long kHour = 3600;
constexpr std::string_view kMonotonic = "clockid: 1\n";  // CLOCK_MONOTONIC

std::atomic<long> g_wall_step_s = 0;
std::atomic<int> g_wall_reads = 0;

}  // namespace

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name)
extern "C" int clock_gettime(clockid_t id, timespec* out) noexcept {
  const auto result = static_cast<int>(::syscall(SYS_clock_gettime, id, out));
  if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) {
    g_wall_reads += 1;
    out->tv_sec += g_wall_step_s;
  }
  return result;
}

namespace lc::process {
namespace {

/// What /proc says of each timer descriptor of this process.
std::vector<std::string> timers_of_this_process() {
  std::vector<std::string> timers;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fdinfo")) {
    const std::string text = content(entry.path());
    if (text.find("clockid: ") != std::string::npos) {
      timers.push_back(text);
    }
  }
  return timers;
}

TEST_CASE("A16 the wall clock steps an hour during a reaction, its deadline does not move") {
  for (const long step : {kHour, -kHour}) {
    CAPTURE(step);
    const WallTime wall_before = wall_now();
    FleetFixture fixture;
    fixture.add({"ready", "sleep"});
    fixture.until_ready();
    const MonoTime deadline = monotonic_now() + millis(200);
    fixture.fleet().arm(kCrew, kSlice, kAttempt, deadline);
    const int reads_before = g_wall_reads;
    g_wall_step_s = step;
    const auto timers = timers_of_this_process();

    const Told told = fixture.until_failure();

    CHECK(g_wall_reads == reads_before);
    const Micros stepped = wall_now() - wall_before;
    g_wall_step_s = 0;
    CHECK((stepped > seconds(kHour / 2)) == (step > 0));
    CHECK((stepped < seconds(-kHour / 2)) == (step < 0));
    CHECK(told.outcome() == proto::Outcome::timeout);
    CHECK(told.at >= deadline);
    CHECK(told.at < deadline + seconds(2));
    CHECK_FALSE(timers.empty());
    for (const std::string& timer : timers) {
      CHECK(timer.find(kMonotonic) != std::string::npos);
    }
  }
}

}  // namespace
}  // namespace lc::process
