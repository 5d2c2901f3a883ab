#pragma once

#include <cstdint>
#include <functional>

#include "common/bus.h"
#include "common/metrics.h"
#include "common/timers.h"
#include "proto/heartbeat.h"
#include "supervisor/run_clock.h"

namespace lc::supervisor {

/// Publishes `__hb` every `heartbeat_s`, also when idle, on absolute times so that it never drifts.
class Heartbeat {
 public:
  /// `fill` completes a heartbeat whose ts and interval are set.
  Heartbeat(Bus& bus, Timers& timers, RunClock& clock, Metrics& metrics, std::int64_t heartbeat_s,
            std::function<void(proto::Heartbeat&)> fill);
  ~Heartbeat();
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

  /// Beats now, then every interval.
  void start();

 private:
  void beat();

  Bus& bus_;
  Timers& timers_;
  RunClock& clock_;
  Metrics& metrics_;
  std::int64_t heartbeat_s_;
  std::function<void(proto::Heartbeat&)> fill_;
  MonoTime due_;
  TimerId timer_;
};

}  // namespace lc::supervisor
