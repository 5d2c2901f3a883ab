#include "common/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <utility>

namespace lc {
namespace {

using PrometheusLabels = std::map<std::string, std::string>;

// Seconds. A beat is late by fractions of a millisecond; a model answers in seconds.
const prometheus::Histogram::BucketBoundaries& beat_buckets() {
  static const prometheus::Histogram::BucketBoundaries buckets{
      0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5};
  return buckets;
}

const prometheus::Histogram::BucketBoundaries& reaction_buckets() {
  static const prometheus::Histogram::BucketBoundaries buckets{
      0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
  return buckets;
}

template <class Metric>
prometheus::Family<Metric>& family(void* untyped) {
  return *static_cast<prometheus::Family<Metric>*>(untyped);
}

}  // namespace

void Counter::add(double n) {
  counter_->Increment(n);
}

double Counter::value() const {
  return counter_->Value();
}

void Gauge::set(double value) {
  gauge_->Set(value);
}

void Gauge::add(double n) {
  gauge_->Increment(n);
}

double Gauge::value() const {
  return gauge_->Value();
}

void Histogram::observe(double value) {
  histogram_->Observe(value);
}

template <class Metric>
Metric By<Metric>::of_all(Labels values) {
  std::string key;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    auto known = known_[i].find(values[i]);
    if (known == known_[i].end()) {
      if (known_[i].size() >= kLabelValuesMax) {
        values[i] = "other";
      } else {
        known_[i].emplace(values[i], true);
      }
    }
    key += values[i];
    key += '\0';
  }
  auto made = made_.find(key);
  if (made == made_.end()) {
    PrometheusLabels labels;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      labels.emplace(names_[i], values[i]);
    }
    made = made_.emplace(std::move(key), make_(family_, labels)).first;
  }
  return made->second;
}

template class By<Counter>;
template class By<Gauge>;
template class By<Histogram>;

Counter Metrics::counter(const char* name, const char* help) {
  return Counter(&prometheus::BuildCounter().Name(name).Help(help).Register(*registry_).Add({}));
}

Gauge Metrics::gauge(const char* name, const char* help) {
  return Gauge(&prometheus::BuildGauge().Name(name).Help(help).Register(*registry_).Add({}));
}

Histogram Metrics::histogram(const char* name, const char* help) {
  return Histogram(&prometheus::BuildHistogram()
                        .Name(name)
                        .Help(help)
                        .Register(*registry_)
                        .Add({}, beat_buckets()));
}

By<Counter> Metrics::counter_by(const char* name, const char* help,
                                std::vector<std::string> labels) {
  auto& built = prometheus::BuildCounter().Name(name).Help(help).Register(*registry_);
  auto make = [](void* from, const PrometheusLabels& values) {
    return Counter(&family<prometheus::Counter>(from).Add(values));
  };
  return {&built, make, std::move(labels)};
}

By<Gauge> Metrics::gauge_by(const char* name, const char* help, std::vector<std::string> labels) {
  auto& built = prometheus::BuildGauge().Name(name).Help(help).Register(*registry_);
  auto make = [](void* from, const PrometheusLabels& values) {
    return Gauge(&family<prometheus::Gauge>(from).Add(values));
  };
  return {&built, make, std::move(labels)};
}

By<Histogram> Metrics::histogram_by(const char* name, const char* help,
                                    std::vector<std::string> labels) {
  auto& built = prometheus::BuildHistogram().Name(name).Help(help).Register(*registry_);
  auto make = [](void* from, const PrometheusLabels& values) {
    return Histogram(&family<prometheus::Histogram>(from).Add(values, reaction_buckets()));
  };
  return {&built, make, std::move(labels)};
}

Metrics::Metrics()
    : registry_(std::make_unique<prometheus::Registry>()),
      slice_lag_seconds(gauge_by("slice_lag_seconds",
                                 "From the decision to wake the crew to its ready on the way.",
                                 {"crew"})),
      actions_sent_total(counter_by("actions_sent_total", "Actions published.", {"kind"})),
      errors_total(counter_by("errors_total", "Errors reported.", {"crew"})),
      heartbeats_total(counter("heartbeats_total", "Heartbeats published.")),
      events_total(counter("livecrew_events_total", "Events accepted.")),
      events_late_total(
          counter("livecrew_events_late_total", "Events that came after their slice had closed.")),
      events_refused_total(
          counter_by("livecrew_events_refused_total", "Events refused.", {"reason"})),
      slices_total(counter("livecrew_slices_total", "Slices closed.")),
      beat_delay_seconds(histogram("livecrew_beat_delay_seconds",
                                   "From a slice's due time to its published snapshot.")),
      reactions_total(
          counter_by("livecrew_reactions_total", "Reactions ended.", {"crew", "outcome"})),
      reaction_seconds(histogram_by("livecrew_reaction_seconds", "From ready to done.", {"crew"})),
      reactions_in_flight(gauge("livecrew_reactions_in_flight", "Reactions under way.")),
      crew_enabled(gauge_by("livecrew_crew_enabled", "1 while the crew may run.", {"crew"})),
      strikes_total(
          counter_by("livecrew_strikes_total", "Failures held against a crew.", {"crew"})),
      worker_starts_total(
          counter_by("livecrew_worker_starts_total", "Worker processes started.", {"crew"})),
      kill_overshoot_seconds(
          histogram("livecrew_kill_overshoot_seconds", "From a missed deadline to the SIGKILL.")),
      tree_gone_seconds(
          histogram("livecrew_tree_gone_seconds",
                    "From a missed deadline, or a death, to the proof that no process "
                    "of the worker is left.")),
      crew_flapping(gauge_by("livecrew_crew_flapping",
                             "1 while restarts are slowed: over 10 failures in 10 minutes.",
                             {"crew"})),
      spares_waiting(
          gauge_by("livecrew_spares_waiting", "Spare workers ready to take over.", {"crew"})),
      containment(gauge_by("livecrew_containment",
                           "How workers' processes are held together: 1 for the level in use.",
                           {"level"})),
      reactions_lost_total(counter_by("livecrew_reactions_lost_total",
                                      "Reactions dispatched anew: nobody worked on them any more.",
                                      {"crew"})),
      crew_hosts(gauge_by("livecrew_crew_hosts", "Hosts that have selected the crew.", {"crew"})),
      other_hosts(gauge("livecrew_other_hosts", "Other hosts of the stream that are there.")),
      journal_records_total(
          counter("livecrew_journal_records_total", "Records appended to the journal.")),
      journal_bytes_total(
          counter("livecrew_journal_bytes_total", "Bytes of the records appended.")),
      journal_waiting(
          gauge("livecrew_journal_waiting", "Records that wait for their acknowledgement.")),
      actions_expired_total(counter("livecrew_actions_expired_total",
                                    "Actions of an earlier run, too late to be sent.")),
      ctx_bytes(gauge("livecrew_ctx_bytes", "Size of the shared context.")),
      ctx_conflicts_total(
          counter("livecrew_ctx_conflicts_total", "Keys written by two crews in one beat.")),
      ctx_dropped_keys_total(counter("livecrew_ctx_dropped_keys_total",
                                     "Keys left out because the context was full.")),
      backlog_batches(gauge_by("livecrew_backlog_batches", "Batches that wait.", {"crew"})),
      batches_dropped_total(
          counter_by("livecrew_batches_dropped_total", "Batches given up.", {"crew"})),
      nats_connected(gauge("livecrew_nats_connected", "1 while connected to NATS.")),
      nats_reconnects_total(
          counter("livecrew_nats_reconnects_total", "Connections to NATS after the first.")),
      bus_refused_total(
          counter("livecrew_bus_refused_total", "Messages that the bus had no room for.")),
      loop_gap_seconds(gauge("livecrew_loop_gap_seconds",
                             "Longest pause of the event loop since the last reading.")) {}

Metrics::~Metrics() = default;

std::string Metrics::text() const {
  return prometheus::TextSerializer().Serialize(registry_->Collect());
}

}  // namespace lc
