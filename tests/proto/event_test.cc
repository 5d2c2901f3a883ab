#include "proto/event.h"

#include <doctest/doctest.h>

#include <vector>

#include "common/json.h"
#include "proto/action.h"

namespace lc::proto {
namespace {

constexpr std::string_view kGoal =
    R"({"ts":"2025-07-31T19:22:05.200Z","kind":"goal_scored","stream_id":"match42","payload":{"by":"x"}})";

std::string refusal(std::string_view text, const EventValidation& rules = {}) {
  const auto event = parse_event(text, rules);
  REQUIRE_FALSE(event);
  return event.error().message;
}

TEST_CASE("event: reads, and writes canonical text") {
  const auto event = parse_event(
      R"( {"payload": [1.50, {"b":1, "a":2}], "stream_id":"match42", "kind":"go\u0061l",
           "ts":"2025-07-31T21:22:05+02:00"} )");
  REQUIRE(event);
  CHECK(event->kind == Kind{"goal"});
  CHECK(event->payload == R"([1.50,{"b":1,"a":2}])");
  CHECK(
      write_event(*event) ==
      R"({"ts":"2025-07-31T19:22:05.000Z","kind":"goal","stream_id":"match42","payload":[1.50,{"b":1,"a":2}]})");
  CHECK(write_event(*parse_event(kGoal)) == kGoal);
}

TEST_CASE("event: the payload may be any JSON value") {
  for (const std::string payload : {"null", "true", "0", "-1.5e300", "\"x\"", "[]", "{}",
                                    "123456789012345678901234567890", "\"\\u0000\""}) {
    CAPTURE(payload);
    const auto event = parse_event(
        R"({"ts":"2025-07-31T19:22:05Z","kind":"k","stream_id":"s","payload":)" + payload + "}");
    REQUIRE(event);
    CHECK(event->payload == payload);
  }
}

TEST_CASE("event: each wrong field is named with its value and what is accepted") {
  struct Row {
    std::string_view text;
    std::string_view message;
  };
  const Row rows[] = {
      {R"({"kind":"k","stream_id":"s","payload":1})", "event: field 'ts' is missing"},
      {R"({"ts":12,"kind":"k","stream_id":"s","payload":1})",
       "event: field 'ts' is the number 12; it must be a string"},
      {R"({"ts":"2025-02-30T00:00:00Z","kind":"k","stream_id":"s","payload":1})",
       "event: field 'ts' is wrong: time '2025-02-30T00:00:00Z' names a day that does not exist; "
       "write it like 2025-07-31T19:22:05.200Z"},
      {R"({"ts":"9999-12-31T23:59:59-01:00","kind":"k","stream_id":"s","payload":1})",
       "event: field 'ts' is outside of the years 0000 to 9999 UTC"},
      {R"({"ts":"2025-07-31T19:22:05Z","kind":"a b","stream_id":"s","payload":1})",
       "event: field 'kind' is wrong: kind 'a b' must match [A-Za-z0-9_]{1,50}"},
      {R"({"ts":"2025-07-31T19:22:05Z","kind":"__hb","stream_id":"s","payload":1})",
       "event: field 'kind' is wrong: kind '__hb' is reserved: kinds that start with '__' are the "
       "system's"},
      {R"({"ts":"2025-07-31T19:22:05Z","kind":"k","stream_id":null,"payload":1})",
       "event: field 'stream_id' is null; it must be a string"},
      {R"({"ts":"2025-07-31T19:22:05Z","kind":"k","stream_id":"s"})",
       "event: field 'payload' is missing"},
      {R"({"ts":"2025-07-31T19:22:05Z","kind":"k","stream_id":"s","payload":0,"steam_id":"s"})",
       "event: field 'steam_id' is unknown (did you mean 'stream_id'?)"},
      {R"([])", "event: is not a JSON object"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(refusal(row.text) == row.message);
  }
}

TEST_CASE("event: all that is wrong is reported at once, in schema order") {
  const std::string message = refusal(R"({"extra":1,"kind":"","ts":"now"})");
  CAPTURE(message);
  std::size_t last = 0;
  for (const std::string_view part :
       {"field 'ts' is wrong", "field 'kind' is wrong", "field 'stream_id' is missing",
        "field 'payload' is missing", "field 'extra' is unknown"}) {
    CAPTURE(part);
    const std::size_t at = message.find(part);
    REQUIRE(at != std::string::npos);
    CHECK(at > last);
    last = at;
  }
}

TEST_CASE("event: the list of mistakes has a length that a person reads") {
  std::string text = "{";
  for (int i = 0; i < 20'000; ++i) {
    text += "\"key" + std::to_string(i) + "\":0,";
  }
  text.back() = '}';
  const std::string message = refusal(text);
  CHECK(message.size() < 2'000);
  CHECK(message.ends_with("and 19984 more"));
}

TEST_CASE("event: strict mode refuses unknown fields, otherwise they are dropped") {
  const std::string text =
      R"({"ts":"2025-07-31T19:22:05.200Z","kind":"goal_scored","stream_id":"match42",)"
      R"("payload":{"by":"x"},"source":"cam"})";
  CHECK(refusal(text).starts_with("event: field 'source' is unknown"));
  const auto event = parse_event(text, {.strict_mode = false});
  REQUIRE(event);
  CHECK(write_event(*event) == kGoal);
}

TEST_CASE("event: size and names have limits") {
  const auto with_payload = [](std::size_t bytes) {
    const std::string head =
        R"({"ts":"2025-07-31T19:22:05.200Z","kind":"k","stream_id":"s","payload":")";
    return head + std::string(bytes - head.size() - 2, 'x') + "\"}";
  };
  CHECK(parse_event(with_payload(kEventBytesMax)));
  const auto large = parse_event(with_payload(kEventBytesMax + 1));
  REQUIRE_FALSE(large);
  CHECK(large.error().code == ErrorCode::overloaded);
  const auto with_names = [](std::size_t kind_chars, std::size_t stream_chars) {
    return R"({"ts":"2025-07-31T19:22:05Z","kind":")" + std::string(kind_chars, 'k') +
           R"(","stream_id":")" + std::string(stream_chars, 's') + R"(","payload":0})";
  };
  CHECK(parse_event(with_names(50, 100)));
  CHECK_FALSE(parse_event(with_names(51, 100)));
  CHECK_FALSE(parse_event(with_names(50, 101)));
}

TEST_CASE("event: a message stays valid UTF-8 when a long value is cut") {
  std::string kind;
  for (int i = 0; i < 60; ++i) {
    kind += "\xc3\xa9";
  }
  const std::string message = refusal(R"({"ts":"2025-07-31T19:22:05Z","kind":"x)" + kind +
                                      R"(","stream_id":"s","payload":0})");
  std::string json;
  append_json_string(json, message);
  CHECK(parse_json(json));
}

TEST_CASE("event time: the window around now") {
  const WallTime now = *parse_rfc3339("2025-07-31T12:00:00Z");
  constexpr Micros kDay = seconds(86'400);
  struct Row {
    Micros ahead;
    EventValidation rules;
    std::string_view message;  // a part of it, or empty: accepted
  };
  const Row rows[] = {
      {{0}, {}, ""},
      {seconds(60), {}, ""},
      {seconds(60) + Micros{1}, {}, "60.000 s ahead of now"},
      {seconds(3'725), {}, "1 h 2 min 5 s ahead of now"},
      {seconds(0) - Micros{30 * kDay.us}, {}, ""},
      {seconds(-1) - Micros{30 * kDay.us}, {}, "30 days 0 h 0 min before now"},
      {seconds(-1) - Micros{30 * kDay.us}, {.timestamp_window_days = 31}, ""},
      {seconds(-1), {.timestamp_window_days = 0}, "1.000 s before now"},
      {seconds(-1), {.timestamp_window_days = INT64_MAX}, ""},
      {seconds(1), {.future_tolerance_seconds = 0}, "1.000 s ahead of now"},
      {seconds(1'000'000), {.timestamp_validation_enabled = false}, ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.ahead.us);
    const Event event = {now + row.ahead, {"k"}, {"s"}, "0"};
    const Status status = check_event_time(event, now, row.rules);
    REQUIRE(status.has_value() == row.message.empty());
    if (!status) {
      CHECK(status.error().code == ErrorCode::invalid_input);
      CHECK(status.error().message.find(row.message) != std::string::npos);
    }
  }
}

TEST_CASE("action: reads, and writes ttl_ms always") {
  const auto action = parse_action(
      R"({"kind":"score_update","stream_id":"match42","ts":"2025-07-31T19:22:05.200Z","payload":{"home":2,"away":1}})");
  REQUIRE(action);
  CHECK(action->ttl_ms == 5'000);
  CHECK(
      write_action(*action) ==
      R"({"ts":"2025-07-31T19:22:05.200Z","kind":"score_update","stream_id":"match42","payload":{"home":2,"away":1},"ttl_ms":5000})");
}

TEST_CASE("action: ttl_ms is 1 to 300000") {
  struct Row {
    std::string_view ttl;
    bool accepted;
  };
  for (const Row& row : {Row{"1", true}, Row{"300000", true}, Row{"300000.0", true},
                         Row{"0", false}, Row{"300001", false}, Row{"-1", false}, Row{"1.5", false},
                         Row{"\"5\"", false}, Row{"null", false}, Row{"1e3", false}}) {
    CAPTURE(row.ttl);
    const std::string text =
        R"({"ts":"2025-07-31T19:22:05Z","kind":"k","stream_id":"s","payload":0,"ttl_ms":)" +
        std::string(row.ttl) + "}";
    const auto action = parse_action(text);
    CHECK(action.has_value() == row.accepted);
    if (!action) {
      CHECK(action.error().message.find("'ttl_ms'") != std::string::npos);
      CHECK(action.error().message.find("from 1 to 300000") != std::string::npos);
    }
  }
}

}  // namespace
}  // namespace lc::proto
