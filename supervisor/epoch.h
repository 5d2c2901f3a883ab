#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/ids.h"
#include "common/result.h"
#include "common/time.h"

namespace lc::supervisor {

/// Where a stream's time starts: created once, by whoever sees the first event, never changed.
struct Epoch {
  WallTime epoch0;  // ts of the first event received
  Micros skew;      // arrival - ts of that event
  std::int64_t slice_ms = 500;

  bool operator==(const Epoch&) const = default;
};

inline constexpr std::string_view kEpochKey = "epoch";

/// `{"v":1,"epoch0":"2025-07-31T19:22:05.200Z","skew_us":1200,"slice_ms":500}`
std::string write_epoch(const Epoch& epoch);

/// Errors: corrupt - not what write_epoch writes.
Result<Epoch> parse_epoch(std::string_view text);

/// Refuses to run a stream with another slice length than its epoch has.
///
/// Errors: conflict - names both lengths and the ways out.
Status check_epoch(const Epoch& epoch, const StreamId& stream, std::int64_t slice_ms);

}  // namespace lc::supervisor
