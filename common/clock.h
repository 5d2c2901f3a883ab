#pragma once

#include "common/boot_time.h"
#include "common/time.h"

namespace lc {

// The only readers of the system's clocks. The loop reads once a turn; inputs carry the time.

MonoTime monotonic_now();
WallTime wall_now();
BootTime boottime_now();

/// Wall time that never jumps: the wall clock when the stream started plus monotonic time since.
///
/// Setting the system's clock while we run changes nothing; a restart picks the new time up.
class StreamClock {
 public:
  StreamClock(WallTime wall_at_start, MonoTime mono_at_start)
      : wall_at_start_(wall_at_start), mono_at_start_(mono_at_start) {}

  static StreamClock start_now();

  WallTime at(MonoTime now) const { return wall_at_start_ + (now - mono_at_start_); }
  MonoTime when(WallTime wall) const { return mono_at_start_ + (wall - wall_at_start_); }

 private:
  WallTime wall_at_start_;
  MonoTime mono_at_start_;
};

}  // namespace lc
