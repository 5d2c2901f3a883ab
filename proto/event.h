#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/ids.h"
#include "common/result.h"
#include "common/time.h"

namespace lc::proto {

/// Something that happened, as a producer publishes it on `live.S.events`.
///
/// Source: proto/schemas/event.json.
struct Event {
  WallTime ts;
  Kind kind;
  StreamId stream;
  std::string payload;  // one JSON value, compact text as the producer wrote it

  bool operator==(const Event&) const = default;
};

inline constexpr std::size_t kEventBytesMax = std::size_t{256} << 10;

/// How strictly the time of an event is judged; `live-config.yaml`, key `event_validation`.
struct EventValidation {
  bool timestamp_validation_enabled = true;
  std::int64_t timestamp_window_days = 30;     // >= 0
  std::int64_t future_tolerance_seconds = 60;  // 0..3600
  bool strict_mode = true;                     // unknown top-level fields are refused

  bool operator==(const EventValidation&) const = default;
};

/// Reads an Event and checks names, fields and size, but not its time.
///
/// Errors: invalid_input - names the field, the value and what is accepted; overloaded - too large.
Result<Event> parse_event(std::string_view text, const EventValidation& rules = {});

/// Checks the event's ts against the window around `now`.
///
/// Errors: invalid_input - too old or too far ahead; says by how much.
Status check_event_time(const Event& event, WallTime now, const EventValidation& rules);

/// Canonical text: schema key order, no spaces, UTC `Z`.
std::string write_event(const Event& event);

}  // namespace lc::proto
