#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/time.h"

namespace lc::worker {

inline constexpr int kRetriesMax = 2;
inline constexpr Micros kRetryAfterMax = seconds(120);  // a longer wait is not worth waiting for
inline constexpr Micros kBackoffFirst = millis(500);
inline constexpr Micros kBackoffMax = seconds(8);

/// What is known about a request that did not go well.
struct Failure {
  int status = 0;                     // of HTTP; 0: there was no answer at all
  std::string code;                   // of the service's error body
  std::optional<bool> should_retry;   // header x-should-retry
  std::optional<Micros> retry_after;  // headers retry-after-ms, retry-after
};

/// How long to wait before asking again, or nothing when that would not help.
///
/// `retries` counts those done; `random` (any number) takes up to a quarter off a backoff, so that
/// many workers do not come back at once.
std::optional<Micros> retry_delay(const Failure& failure, int retries, std::uint64_t random);

}  // namespace lc::worker
