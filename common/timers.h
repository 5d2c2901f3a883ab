#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>

#include "common/fd.h"
#include "common/result.h"
#include "common/time.h"
#include "common/uv.h"

namespace lc {

struct TimerId {
  std::uint64_t value = 0;  // 0: no timer

  auto operator<=>(const TimerId&) const = default;
};

/// One-shot alarms at absolute monotonic times.
class Timers {
 public:
  virtual ~Timers() = default;

  /// Runs `on_due` once, on the loop, at `at` or after it, never before; equal times in the order
  /// armed.
  virtual TimerId arm(MonoTime at, std::function<void()> on_due) = 0;

  /// Forgets a timer; one that has run, or none, is no error.
  virtual void cancel(TimerId id) = 0;
};

/// Timers on one CLOCK_MONOTONIC timerfd: microsecond deadlines, never early (a uv_timer can fire
/// early after a long callback, and counts in milliseconds).
class LoopTimers final : public Timers {
 public:
  static Result<std::unique_ptr<LoopTimers>> create(uv_loop_t* loop);

  TimerId arm(MonoTime at, std::function<void()> on_due) override;
  void cancel(TimerId id) override;

 private:
  using Key = std::pair<MonoTime, TimerId>;

  LoopTimers() = default;
  void on_ready();
  void set_alarm();

  OwnedFd fd_;
  std::unique_ptr<FdWatcher> watcher_;
  std::map<Key, std::function<void()>> due_;
  std::unordered_map<std::uint64_t, MonoTime> at_;
  std::uint64_t last_id_ = 0;
  MonoTime alarm_{-1};  // what the timerfd is set to; -1: off
  bool running_ = false;
};

}  // namespace lc
