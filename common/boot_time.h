#pragma once

#include <compare>
#include <cstdint>

#include "common/time.h"

namespace lc {

/// A point on CLOCK_BOOTTIME, which goes on while the machine sleeps. Converts to no other clock.
struct BootTime {
  std::int64_t us = 0;

  auto operator<=>(const BootTime&) const = default;
  constexpr BootTime operator+(Micros d) const { return {us + d.us}; }
};

}  // namespace lc
