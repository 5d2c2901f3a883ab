#include "proto/subjects.h"

#include <doctest/doctest.h>

#include <set>

#include "proto/error_reasons.h"
#include "proto/outcome.h"

namespace lc::proto {
namespace {

const StreamId kStream = {"match-42"};
const CrewId kCrew = {"score_tracker"};

TEST_CASE("subjects: every name has its one spelling") {
  CHECK(events_subject(kStream) == "live.match-42.events");
  CHECK(actions_subject(kStream) == "live.match-42.actions");
  CHECK(errors_subject(kStream) == "live.match-42.errors");
  CHECK(heartbeats_subject(kStream) == "live.match-42.heartbeats");
  CHECK(ctx_subject(kStream) == "live.match-42.ctx");
  CHECK(hosts_subject(kStream) == "live.match-42.hosts");
  CHECK(orders_subject(kStream) == "live.match-42.orders");
  CHECK(journal_subject(kStream) == "live.match-42.journal");
  CHECK(ready_subject(kStream, {83}, kCrew) == "live.match-42.slice.83.score_tracker.ready");
  CHECK(done_subject(kStream, {-1}, kCrew) == "live.match-42.slice.-1.score_tracker.done");
  CHECK(ready_filter(kStream, kCrew) == "live.match-42.slice.*.score_tracker.ready");
  CHECK(done_filter(kStream) == "live.match-42.slice.*.*.done");
  CHECK(control_filter(kStream) == "live.match-42.slice.>");
  CHECK(events_stream(kStream) == "LIVE_match-42_EVENTS");
  CHECK(actions_stream(kStream) == "LIVE_match-42_ACTIONS");
  CHECK(errors_stream(kStream) == "LIVE_match-42_ERRORS");
  CHECK(journal_stream(kStream) == "LIVE_match-42_JOURNAL");
  CHECK(ctx_bucket(kStream) == "live_match-42_ctx");
  CHECK(action_msg_id(kStream, {83}, kCrew, 2) == "match-42.83.score_tracker.2");
}

TEST_CASE("subjects: what was built can be taken apart") {
  for (const std::int64_t n : {std::int64_t{0}, std::int64_t{-3}, INT64_MAX, INT64_MIN}) {
    CAPTURE(n);
    const auto ready = parse_slice_subject(ready_subject(kStream, {n}, kCrew));
    REQUIRE(ready);
    CHECK(ready->stream == kStream);
    CHECK(ready->slice.value == n);
    CHECK(ready->crew == kCrew);
    CHECK(ready->verb == "ready");
    CHECK(parse_slice_subject(done_subject(kStream, {n}, kCrew))->verb == "done");
  }
}

TEST_CASE("subjects: anything else is no slice subject") {
  for (const std::string_view subject :
       {"", "live", "live.m.events", "live.m.slice.1.c", "live.m.slice.1.c.", "live.m.slice.1.c.go",
        "live.m.slice.1.c.ready.x", "live.m.slice.01.c.ready", "live.m.slice.-0.c.ready",
        "live.m.slice.+1.c.ready", "live.m.slice..c.ready", "live.m.slice.1x.c.ready",
        "live.m.slice.9223372036854775808.c.ready", "live.m.slice.1.c-d.ready",
        "live..slice.1.c.ready", "dead.m.slice.1.c.ready", "live.m.slices.1.c.ready",
        "live.m.slice.*.c.ready"}) {
    CAPTURE(subject);
    CHECK_FALSE(parse_slice_subject(subject));
  }
}

TEST_CASE("outcomes: words are distinct, and only what a crew does is a strike") {
  struct Row {
    Outcome outcome;
    std::string_view word;
    bool strike;
  };
  const Row rows[] = {
      {Outcome::ok, "ok", false},
      {Outcome::error, "error", true},
      {Outcome::exit, "exit", true},
      {Outcome::crash, "crash", true},
      {Outcome::timeout, "timeout", true},
      {Outcome::init_timeout, "init_timeout", true},
      {Outcome::oom, "oom", true},
      {Outcome::sandbox, "sandbox", true},
      {Outcome::protocol, "protocol", true},
      {Outcome::killed_external, "killed_external", true},
      {Outcome::admin, "admin", false},
      {Outcome::shutdown, "shutdown", false},
      {Outcome::spawn_failed, "spawn_failed", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.word);
    CHECK(to_string(row.outcome) == row.word);
    CHECK(is_strike(row.outcome) == row.strike);
  }
}

TEST_CASE("error reasons: each word is listed once") {
  const std::set<std::string_view> words(kErrorReasons.begin(), kErrorReasons.end());
  CHECK(words.size() == kErrorReasons.size());
  CHECK(words.contains(kReasonDisabled));
}

}  // namespace
}  // namespace lc::proto
