#include "worker/llm/retry.h"

#include <algorithm>

namespace lc::worker {
namespace {

bool may_pass(const Failure& failure) {
  if (failure.code == "insufficient_quota") {
    return false;  // a 429 that waiting does not cure
  }
  if (failure.should_retry) {
    return *failure.should_retry;
  }
  const int status = failure.status;
  return status == 0 || status == 408 || status == 409 || status == 429 || status >= 500;
}

}  // namespace

std::optional<Micros> retry_delay(const Failure& failure, int retries, std::uint64_t random) {
  if (retries >= kRetriesMax || !may_pass(failure)) {
    return std::nullopt;
  }
  if (failure.retry_after) {
    if (*failure.retry_after > kRetryAfterMax) {
      return std::nullopt;
    }
    return std::max(*failure.retry_after, Micros{0});
  }
  Micros delay = kBackoffFirst;
  for (int i = 0; i < retries && delay < kBackoffMax; ++i) {
    delay = delay + delay;
  }
  delay = std::min(delay, kBackoffMax);
  const std::int64_t quarter = delay.us / 4;
  return delay -
         Micros{static_cast<std::int64_t>(random % static_cast<std::uint64_t>(quarter + 1))};
}

}  // namespace lc::worker
