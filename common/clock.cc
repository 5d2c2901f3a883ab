#include "common/clock.h"

#include <time.h>  // NOLINT: clock_gettime is POSIX, not <ctime>

#include "common/check.h"

namespace lc {
namespace {

std::int64_t read_us(clockid_t clock) {
  timespec now{};
  LC_ASSERT(::clock_gettime(clock, &now) == 0);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1'000;
}

}  // namespace

MonoTime monotonic_now() {
  return {read_us(CLOCK_MONOTONIC)};
}

WallTime wall_now() {
  return {read_us(CLOCK_REALTIME)};
}

BootTime boottime_now() {
  return {read_us(CLOCK_BOOTTIME)};
}

StreamClock StreamClock::start_now() {
  return {wall_now(), monotonic_now()};
}

}  // namespace lc
