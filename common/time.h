#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/ids.h"
#include "common/result.h"

namespace lc {

/// A length of time in integer microseconds; may be negative.
struct Micros {
  std::int64_t us = 0;

  auto operator<=>(const Micros&) const = default;
  constexpr Micros operator+(Micros other) const { return {us + other.us}; }
  constexpr Micros operator-(Micros other) const { return {us - other.us}; }
};

constexpr Micros millis(std::int64_t ms) {
  return {ms * 1000};
}
constexpr Micros seconds(std::int64_t s) {
  return {s * 1'000'000};
}

/// A point on the wall clock: integer microseconds since 1970-01-01T00:00:00Z.
struct WallTime {
  std::int64_t us = 0;

  auto operator<=>(const WallTime&) const = default;
  constexpr WallTime operator+(Micros d) const { return {us + d.us}; }
  constexpr WallTime operator-(Micros d) const { return {us - d.us}; }
  constexpr Micros operator-(WallTime other) const { return {us - other.us}; }
};

/// A point on CLOCK_MONOTONIC, in microseconds. Does not convert to or from WallTime.
struct MonoTime {
  std::int64_t us = 0;

  auto operator<=>(const MonoTime&) const = default;
  constexpr MonoTime operator+(Micros d) const { return {us + d.us}; }
  constexpr MonoTime operator-(Micros d) const { return {us - d.us}; }
  constexpr Micros operator-(MonoTime other) const { return {us - other.us}; }
};

/// Parses an RFC 3339 time with any offset to UTC; digits past the microsecond are cut.
///
/// Errors: invalid_input - not RFC 3339, no offset, or a date that does not exist.
Result<WallTime> parse_rfc3339(std::string_view text);

/// Writes UTC as `2025-07-31T19:22:05.200Z`: three fraction digits, six when the time needs them.
std::string format_rfc3339(WallTime time);

/// The slice that `ts` falls into: floor((ts - epoch0) / slice), also below zero.
///
/// Units: slice_us in microseconds, > 0.
/// Source: README.md, "Time".
SliceIndex slice_index(WallTime ts, WallTime epoch0, Micros slice);

/// The first instant of slice `n`.
WallTime slice_start(SliceIndex n, WallTime epoch0, Micros slice);

}  // namespace lc
