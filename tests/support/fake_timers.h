#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "common/timers.h"

namespace lc {

/// Timers that a test moves: `advance_to` runs what is due, in order of time, then of arming.
class FakeTimers final : public Timers {
 public:
  explicit FakeTimers(MonoTime now = {}) : now_(now) {}

  TimerId arm(MonoTime at, std::function<void()> on_due) override {
    TimerId id{++last_id_};
    due_.emplace(std::pair(at, id), std::move(on_due));
    return id;
  }

  void cancel(TimerId id) override {
    std::erase_if(due_, [id](const auto& entry) { return entry.first.second == id; });
  }

  /// Moves the clock to `to`, running each timer that is due with `now()` at its own time (or at
  /// the present, if it was armed in the past); also timers that these arm.
  void advance_to(MonoTime to) {
    while (!due_.empty() && due_.begin()->first.first <= to) {
      auto entry = due_.extract(due_.begin());
      now_ = std::max(now_, entry.key().first);
      entry.mapped()();
    }
    now_ = std::max(now_, to);
  }

  MonoTime now() const { return now_; }
  std::size_t armed() const { return due_.size(); }
  bool has_next() const { return !due_.empty(); }
  /// The earliest deadline; only when has_next().
  MonoTime next() const { return due_.begin()->first.first; }

 private:
  MonoTime now_;
  std::map<std::pair<MonoTime, TimerId>, std::function<void()>> due_;
  std::uint64_t last_id_ = 0;
};

}  // namespace lc
