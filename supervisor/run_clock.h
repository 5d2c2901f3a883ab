#pragma once

#include <functional>

#include "common/clock.h"
#include "common/time.h"

namespace lc::supervisor {

/// The time as this run sees it: monotonic, and the stream's wall time that never jumps.
class RunClock {
 public:
  explicit RunClock(StreamClock stream, std::function<MonoTime()> read = monotonic_now)
      : stream_(stream), read_(std::move(read)) {}

  MonoTime mono() const { return read_(); }
  WallTime stream_now() const { return stream_.at(read_()); }
  MonoTime to_mono(WallTime time) const { return stream_.when(time); }

 private:
  StreamClock stream_;
  std::function<MonoTime()> read_;
};

}  // namespace lc::supervisor
