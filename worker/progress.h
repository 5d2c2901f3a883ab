#pragma once

#include <functional>
#include <optional>

#include "common/time.h"

namespace lc::worker {

/// Called by the thread that does a reaction's work whenever it has got on. No other thread may: a
/// reaction that hangs must look as if it hangs.
using OnProgress = std::function<void()>;

inline constexpr Micros kProgressEvery = millis(20);  // more would help nobody

/// Lets one step of progress through in each kProgressEvery.
class ProgressLimit {
 public:
  bool allows(MonoTime now);

 private:
  std::optional<MonoTime> last_;
};

}  // namespace lc::worker
