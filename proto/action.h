#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/ids.h"
#include "common/result.h"
#include "common/time.h"

namespace lc::proto {

inline constexpr std::int64_t kActionTtlMsDefault = 5'000;
inline constexpr std::int64_t kActionTtlMsMax = 300'000;

/// What a crew wants done, as the supervisor publishes it on `live.S.actions`.
///
/// Source: proto/schemas/action.json.
struct Action {
  WallTime ts;
  Kind kind;
  StreamId stream;
  std::string payload;                        // one JSON value, compact text
  std::int64_t ttl_ms = kActionTtlMsDefault;  // 1..300000

  bool operator==(const Action&) const = default;
};

/// Errors: invalid_input - names the field, the value and what is accepted.
Result<Action> parse_action(std::string_view text);

std::string write_action(const Action& action);

/// An action as a crew writes it in its `done`: the supervisor adds ts and stream.
struct ActionDraft {
  Kind kind;
  std::string payload;  // one JSON value, compact text
  std::int64_t ttl_ms = kActionTtlMsDefault;

  bool operator==(const ActionDraft&) const = default;
};

}  // namespace lc::proto
