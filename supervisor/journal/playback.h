#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/result.h"
#include "supervisor/journal/record.h"
#include "supervisor/journal/replay.h"

namespace lc::journal {

/// Why a replay could not go on.
struct Failure {
  std::int64_t record = 0;
  Error error;
  std::optional<Divergence> divergence;  // the engine decided, or knew, something else
};

/// What was given up with somebody's consent: a checkpoint says so and everything goes on there.
struct Loss {
  std::int64_t checkpoint = 0;     // number of the record that is its first part
  std::string what;                // its own words, a JSON object
  std::optional<Failure> failure;  // that was passed over: of this record up to the checkpoint
};

/// Replays a journal as it is read, from its first whole checkpoint on. What cannot be replayed is
/// passed over up to a checkpoint with an accepted loss; with none it stays a failure. Pure.
class Playback {
 public:
  Playback(StreamId stream, EventSource events);

  /// These see each step, after it and before it. Set them before the first record.
  void observe(StepObserver observer) { after_ = std::move(observer); }
  void observe_before(BeforeStep observer) { before_ = std::move(observer); }

  /// Takes the next record. `at` is its sequence; none: it is in a file, right after the one
  /// before. Whether all is well is in `failure`.
  void take(std::string_view text, std::optional<StreamSeq> at);

  /// What cannot be replayed and was not given up (yet).
  const std::optional<Failure>& failure() const { return failure_; }
  const std::vector<Loss>& losses() const { return losses_; }

  /// The engine and what it was told; null before the first whole checkpoint.
  const Replay* replay() const { return replay_ ? &*replay_ : nullptr; }

  /// The end of what was read.
  const ChainEnd& end() const { return end_; }
  std::int64_t record() const { return end_.n; }  // the number of the one at hand

  /// Records before the first whole checkpoint, which nothing can be said about but their order.
  std::int64_t passed() const { return passed_; }
  std::int64_t replayed() const { return replayed_; }
  std::int64_t first() const { return first_; }  // number of the first that was replayed; 0: none

 private:
  Status read(std::string_view text, std::optional<StreamSeq> at);
  Status play(const Record& record, std::string_view text);
  Status start(std::string_view checkpoint, const Record& record);
  void give_up(Error error);

  StreamId stream_;
  EventSource events_;
  StepObserver after_;
  BeforeStep before_;
  std::optional<Replay> replay_;
  CheckpointParts parts_;
  ChainEnd end_;
  std::optional<Failure> failure_;
  std::vector<Loss> losses_;
  std::int64_t passed_ = 0;
  std::int64_t replayed_ = 0;
  std::int64_t first_ = 0;
};

}  // namespace lc::journal
