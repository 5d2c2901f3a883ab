#pragma once

#include <cstdint>

#include "common/ids.h"
#include "common/time.h"

namespace lc::engine {

/// Where a stream's slices lie in time: arithmetic on integers only.
///
/// Units: every length in microseconds; slices count from epoch0 and may be negative.
struct SliceClock {
  WallTime epoch0;
  Micros slice;
  Micros skew;      // arrival - ts of the first event
  Micros lateness;  // how long after its end a slice stays open

  /// The slice of an event's ts.
  SliceIndex index(WallTime ts) const { return slice_index(ts, epoch0, slice); }

  /// The first instant of slice `n`, which is the end of the one before it.
  WallTime start(SliceIndex n) const { return slice_start(n, epoch0, slice); }

  /// When slice `n` must close, on the scale of arrival times.
  WallTime due(SliceIndex n) const;

  /// The last slice that must be closed at `now`; may be before the first.
  SliceIndex last_due(WallTime now) const;
};

constexpr SliceIndex next(SliceIndex n) {
  return {n.value + 1};
}
constexpr SliceIndex before(SliceIndex n) {
  return {n.value - 1};
}

/// Whether `n` is a multiple of `stride`, also below zero.
constexpr bool on_stride(SliceIndex n, std::int64_t stride) {
  return n.value % stride == 0;
}

/// The first multiple of `stride` that is not before `n`.
SliceIndex stride_from(SliceIndex n, std::int64_t stride);

}  // namespace lc::engine
