#include "worker/progress.h"

namespace lc::worker {

bool ProgressLimit::allows(MonoTime now) {
  if (last_ && now < *last_ + kProgressEvery) {
    return false;
  }
  last_ = now;
  return true;
}

}  // namespace lc::worker
