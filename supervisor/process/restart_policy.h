#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>

#include "common/ids.h"
#include "common/time.h"

// When a worker may start again: pure decisions, told the time.
namespace lc::process {

inline constexpr std::int64_t kJitterPpmMax = 200'000;  // a delay is moved by a fifth at most

/// How long one crew's workers wait before they start again: 0, 1, 4, 16, 30 s (jittered) after the
/// 1st, 2nd, ... failure in a row without a reaction that was done; 60 s at least while the crew
/// flaps, that is after more than 10 failures in 10 minutes, whatever was done between them.
class RestartPolicy {
 public:
  /// Counts a failure; the delay until the next start.
  Micros failed(MonoTime now, std::int64_t jitter_ppm);

  void succeeded() { failures_ = 0; }  // a reaction was done
  void reset();                        // an operator enabled the crew

  std::int64_t failures() const { return failures_; }  // in a row
  bool is_flapping(MonoTime now) const;

 private:
  std::int64_t failures_ = 0;
  std::deque<MonoTime> recent_;  // no more than tell that it flaps
};

/// Holds every restart back while many crews lose their workers at once: that is no crew's fault.
class Brake {
 public:
  static constexpr Micros kWindow = seconds(5);
  static constexpr Micros kForgivenessInterval = seconds(600);

  /// How many crews are run here; the brake engages when max(3, a quarter of them) lose a worker by
  /// its own death within kWindow.
  void set_crews(std::size_t crews) { crews_ = crews; }

  /// A worker died by itself. True: this death is part of a mass death and is to be excused; a crew
  /// is excused once in kForgivenessInterval, so that one that always dies is still disabled.
  bool died(const CrewId& crew, MonoTime now);

  /// Until when no worker starts again.
  std::optional<MonoTime> held_until(MonoTime now) const;

 private:
  std::size_t crews_ = 0;
  std::map<CrewId, MonoTime> deaths_;  // the last one of each crew, within kWindow
  std::map<CrewId, MonoTime> excused_;
  std::optional<MonoTime> until_;
};

/// A bucket of tokens for restarts: kBurst at once, then kPerSecond.
class RestartBudget {
 public:
  static constexpr std::int64_t kPerSecond = 10;
  static constexpr std::int64_t kBurst = 20;

  /// Takes one token; else when there is one.
  std::optional<MonoTime> take(MonoTime now);

 private:
  MonoTime full_at_;  // when the bucket is full again: each token taken moves it
};

}  // namespace lc::process
