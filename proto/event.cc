#include "proto/event.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/json.h"
#include "proto/parts.h"
#include "proto/reader.h"

namespace lc::proto {
namespace {

constexpr std::int64_t kDayUs = 86'400'000'000;

// `3 days 2 h 0 min`, the two or three largest units that say enough.
std::string length_words(Micros length) {
  const std::int64_t total_seconds = length.us / 1'000'000;
  const std::int64_t days = total_seconds / 86'400;
  const std::int64_t hours = total_seconds / 3600 % 24;
  const std::int64_t minutes = total_seconds / 60 % 60;
  if (days > 0) {
    return fmt::format("{} days {} h {} min", days, hours, minutes);
  }
  if (total_seconds >= 3600) {
    return fmt::format("{} h {} min {} s", hours, minutes, total_seconds % 60);
  }
  return fmt::format("{}.{:03} s", total_seconds, length.us / 1000 % 1000);
}

}  // namespace

Event read_event(ObjectReader& reader, UnknownFields unknown) {
  Event event;
  event.ts = reader.time("ts");
  event.kind = reader.kind("kind");
  event.stream = reader.stream("stream_id");
  event.payload = reader.any("payload");
  reader.finish(unknown);
  return event;
}

Result<Event> parse_event(std::string_view text, const EventValidation& rules) {
  if (text.size() > kEventBytesMax) {
    return fail(ErrorCode::overloaded, fmt::format("event: has {} bytes, at most {} are accepted",
                                                   text.size(), kEventBytesMax));
  }
  auto split = split_json_object(text);
  if (!split) {
    return within("event", split.error());
  }
  Problems problems;
  ObjectReader reader(std::move(split->fields), {}, problems);
  Event event =
      read_event(reader, rules.strict_mode ? UnknownFields::refused : UnknownFields::ignored);
  if (!problems.empty()) {
    return problems.error("event");
  }
  return event;
}

Status check_event_time(const Event& event, WallTime now, const EventValidation& rules) {
  if (!rules.timestamp_validation_enabled) {
    return {};
  }
  const Micros ahead = event.ts - now;
  // A window that reaches back beyond the year 0 excludes nothing, and its length would overflow.
  constexpr std::int64_t kWindowDaysMax = 10'000 * std::int64_t{366};
  const std::int64_t window_days = std::min(rules.timestamp_window_days, kWindowDaysMax);
  if (ahead < Micros{-window_days * kDayUs}) {
    return fail(ErrorCode::invalid_input,
                fmt::format("event: field 'ts' is {}, {} before now ({}); at most {} days are "
                            "accepted (event_validation.timestamp_window_days)",
                            format_rfc3339(event.ts), length_words({-ahead.us}),
                            format_rfc3339(now), rules.timestamp_window_days));
  }
  if (ahead > seconds(rules.future_tolerance_seconds)) {
    return fail(ErrorCode::invalid_input,
                fmt::format("event: field 'ts' is {}, {} ahead of now ({}); at most {} s are "
                            "accepted (event_validation.future_tolerance_seconds)",
                            format_rfc3339(event.ts), length_words(ahead), format_rfc3339(now),
                            rules.future_tolerance_seconds));
  }
  return {};
}

std::string write_event(const Event& event) {
  std::string out;
  out.reserve(96 + event.payload.size());
  JsonWriter(out)
      .begin_object()
      .key("ts")
      .string(format_rfc3339(event.ts))
      .key("kind")
      .string(event.kind.value)
      .key("stream_id")
      .string(event.stream.value)
      .key("payload")
      .raw(event.payload)
      .end_object();
  return out;
}

}  // namespace lc::proto
