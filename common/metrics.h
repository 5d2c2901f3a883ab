#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/time.h"

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
class Registry;
}  // namespace prometheus

namespace lc {

/// Metrics are in seconds.
inline double in_seconds(Micros time) {
  return static_cast<double>(time.us) / 1e6;
}

/// Label values beyond this many of one label count as `other`, so that no payload can grow us.
inline constexpr std::size_t kLabelValuesMax = 200;

// Handles are small and copyable; they live as long as their Metrics. Any thread.

class Counter {
 public:
  explicit Counter(prometheus::Counter* counter) : counter_(counter) {}
  void add(double n = 1);
  double value() const;

 private:
  prometheus::Counter* counter_;
};

class Gauge {
 public:
  explicit Gauge(prometheus::Gauge* gauge) : gauge_(gauge) {}
  void set(double value);
  void add(double n);
  double value() const;

 private:
  prometheus::Gauge* gauge_;
};

class Histogram {
 public:
  explicit Histogram(prometheus::Histogram* histogram) : histogram_(histogram) {}
  void observe(double value);

 private:
  prometheus::Histogram* histogram_;
};

/// One metric by label values: `metrics.errors_total.of("vision").add()`. Loop thread only.
template <class Metric>
class By {
 public:
  Metric of(std::string_view label_value) { return of_all({label_value, {}}); }
  Metric of(std::string_view first, std::string_view second) { return of_all({first, second}); }

 private:
  friend struct Metrics;
  using Labels = std::array<std::string_view, 2>;
  using Make = Metric (*)(void* family, const std::map<std::string, std::string>& labels);

  By(void* family, Make make, std::vector<std::string> names)
      : family_(family), make_(make), names_(std::move(names)) {}
  Metric of_all(Labels values);

  void* family_;  // a prometheus::Family, owned by the registry
  Make make_;
  std::vector<std::string> names_;
  std::array<std::map<std::string, bool, std::less<>>, 2> known_;
  std::map<std::string, Metric, std::less<>> made_;
};

/// Every metric of the system, and nothing that is not here.
struct Metrics {
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// All metrics in the Prometheus text format, version 0.0.4.
  std::string text() const;

 private:
  std::unique_ptr<prometheus::Registry> registry_;
  Counter counter(const char* name, const char* help);
  Gauge gauge(const char* name, const char* help);
  Histogram histogram(const char* name, const char* help);
  By<Counter> counter_by(const char* name, const char* help, std::vector<std::string> labels);
  By<Gauge> gauge_by(const char* name, const char* help, std::vector<std::string> labels);
  By<Histogram> histogram_by(const char* name, const char* help, std::vector<std::string> labels);

 public:
  By<Gauge> slice_lag_seconds;     // {crew}
  By<Counter> actions_sent_total;  // {kind}
  By<Counter> errors_total;        // {crew}
  Counter heartbeats_total;
  Counter events_total;
  Counter events_late_total;
  By<Counter> events_refused_total;  // {reason}
  Counter slices_total;
  Histogram beat_delay_seconds;    // snapshot published after the slice was due
  By<Counter> reactions_total;     // {crew, outcome}
  By<Histogram> reaction_seconds;  // {crew}
  Gauge reactions_in_flight;
  By<Gauge> crew_enabled;            // {crew}
  By<Counter> strikes_total;         // {crew}
  By<Counter> worker_starts_total;   // {crew}
  Histogram kill_overshoot_seconds;  // from a missed deadline to the SIGKILL
  Histogram tree_gone_seconds;       // from the kill's cause to the proof that nothing is left
  By<Gauge> crew_flapping;           // {crew}
  By<Gauge> spares_waiting;          // {crew}
  By<Gauge> containment;             // {level}
  By<Counter> reactions_lost_total;  // {crew}
  By<Gauge> crew_hosts;              // {crew}
  Gauge other_hosts;
  Counter journal_records_total;
  Counter journal_bytes_total;
  Gauge journal_waiting;  // records without an acknowledgement
  Counter actions_expired_total;
  Gauge ctx_bytes;
  Counter ctx_conflicts_total;
  Counter ctx_dropped_keys_total;
  By<Gauge> backlog_batches;          // {crew}
  By<Counter> batches_dropped_total;  // {crew}
  Gauge nats_connected;
  Counter nats_reconnects_total;
  Counter bus_refused_total;
  Gauge loop_gap_seconds;  // longest since the last reading
};

}  // namespace lc
