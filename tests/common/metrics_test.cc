#include "common/metrics.h"

#include <doctest/doctest.h>

#include <string>

namespace lc {
namespace {

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST_CASE("metrics: what was counted is in the text") {
  Metrics metrics;
  metrics.slice_lag_seconds.of("vision").set(0.25);
  metrics.actions_sent_total.of("goal").add(2);
  metrics.errors_total.of("vision").add();
  metrics.heartbeats_total.add();
  metrics.events_refused_total.of("unknown_field").add();
  metrics.reactions_total.of("vision", "ok").add(3);
  metrics.reaction_seconds.of("vision").observe(0.02);
  metrics.nats_connected.set(1);
  std::string text = metrics.text();
  CHECK(has_line(text, "slice_lag_seconds{crew=\"vision\"} 0.25"));
  CHECK(has_line(text, "actions_sent_total{kind=\"goal\"} 2"));
  CHECK(has_line(text, "errors_total{crew=\"vision\"} 1"));
  CHECK(has_line(text, "heartbeats_total 1"));
  CHECK(has_line(text, "livecrew_events_refused_total{reason=\"unknown_field\"} 1"));
  CHECK(has_line(text, "livecrew_reactions_total{crew=\"vision\",outcome=\"ok\"} 3"));
  CHECK(has_line(text, "livecrew_reaction_seconds_count{crew=\"vision\"} 1"));
  CHECK(has_line(text, "livecrew_nats_connected 1"));
  CHECK(has_line(text, "# TYPE livecrew_beat_delay_seconds histogram"));
}

TEST_CASE("metrics: kinds beyond the limit count as other") {
  Metrics metrics;
  constexpr int kKinds = 500;
  for (int i = 0; i < kKinds; ++i) {
    metrics.actions_sent_total.of("kind" + std::to_string(i)).add();
  }
  metrics.actions_sent_total.of("kind0").add();
  std::string text = metrics.text();
  CHECK(count_of(text, "actions_sent_total{") == kLabelValuesMax + 1);
  CHECK(has_line(text, "actions_sent_total{kind=\"kind0\"} 2"));
  CHECK(has_line(text, "actions_sent_total{kind=\"other\"} 300"));
}

TEST_CASE("metrics: handles of one label are one metric") {
  Metrics metrics;
  Gauge one = metrics.backlog_batches.of("a");
  metrics.backlog_batches.of("a").add(2);
  CHECK(one.value() == 2);
  CHECK(metrics.backlog_batches.of("b").value() == 0);
}

}  // namespace
}  // namespace lc
