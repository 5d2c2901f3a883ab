#include "supervisor/ingest.h"

#include <doctest/doctest.h>

#include "proto/error_reasons.h"

namespace lc::supervisor {
namespace {

const WallTime kNow = *parse_rfc3339("2025-07-31T19:22:05Z");

Ingested ingested(std::string text, proto::ClockMode clock = proto::ClockMode::wall) {
  const IngestRules rules{.stream = StreamId{"m1"}, .clock = clock};
  return ingest({.subject = "live.m1.events", .data = std::move(text), .seq = StreamSeq{9}}, kNow,
                rules);
}

std::string event_text(const std::string& ts, const std::string& stream = "m1") {
  return R"({"payload":{"a": 1},"kind":"goal_scored","stream_id":")" + stream + R"(","ts":")" + ts +
         "\"}";
}

TEST_CASE("ingest: an accepted event reaches the engine in canonical text") {
  const Ingested result = ingested(event_text("2025-07-31T21:22:05+02:00"));
  const auto* event = std::get_if<engine::EventArrived>(&result);
  REQUIRE(event != nullptr);
  CHECK(event->seq == StreamSeq{9});
  CHECK(event->ts == kNow);
  CHECK(event->kind == Kind{"goal_scored"});
  CHECK(
      event->text ==
      R"({"ts":"2025-07-31T19:22:05.000Z","kind":"goal_scored","stream_id":"m1","payload":{"a":1}})");
}

TEST_CASE("ingest: a refused event becomes a report with its reason and what was sent") {
  struct Row {
    std::string text;
    std::string_view reason;
  };
  for (const Row& row : {
           Row{"not JSON", proto::kReasonEventInvalid},
           Row{event_text("2025-07-31T19:22:05Z", "other"), proto::kReasonEventWrongStream},
           Row{event_text("2025-07-31T19:23:06Z"), proto::kReasonEventTooFarAhead},
           Row{event_text("2025-06-01T00:00:00Z"), proto::kReasonEventInvalid},
           Row{R"({"ts":"2025-07-31T19:22:05Z","kind":"k","stream_id":"m1","payload":1,"x":2})",
               proto::kReasonEventInvalid},
       }) {
    CAPTURE(row.text);
    const Ingested result = ingested(row.text);
    const auto* report = std::get_if<proto::ErrorReport>(&result);
    REQUIRE(report != nullptr);
    CHECK(report->reason == row.reason);
    CHECK(report->message != "");
    CHECK(report->detail.starts_with(R"({"seq":9,"bytes":)"));
  }
}

TEST_CASE("ingest: the event clock does not look at the time") {
  CHECK(std::holds_alternative<engine::EventArrived>(
      ingested(event_text("1999-01-01T00:00:00Z"), proto::ClockMode::event)));
}

TEST_CASE("ingest: what somebody sent is quoted as printable ASCII") {
  CHECK(printable(std::string_view("a\x01\xff"
                                   "b\n",
                                   5)) == "a??b?");
}

}  // namespace
}  // namespace lc::supervisor
