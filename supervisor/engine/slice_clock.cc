#include "supervisor/engine/slice_clock.h"

#include "common/check.h"

namespace lc::engine {

WallTime SliceClock::due(SliceIndex n) const {
  return start(next(n)) + skew + lateness;
}

SliceIndex SliceClock::last_due(WallTime now) const {
  // due(n) <= now  <=>  start(n + 1) <= now - skew - lateness
  return before(index(now - skew - lateness));
}

SliceIndex stride_from(SliceIndex n, std::int64_t stride) {
  LC_ASSERT(stride > 0);
  const std::int64_t over = n.value % stride;
  if (over == 0) {
    return n;
  }
  return {over > 0 ? n.value + stride - over : n.value - over};
}

}  // namespace lc::engine
