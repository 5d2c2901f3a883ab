#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"
#include "supervisor/engine/engine.h"
#include "supervisor/journal/checkpoint_text.h"
#include "supervisor/journal/record.h"
#include "supervisor/journal/recorder.h"

namespace lc::journal {

/// The message that the stream of events has at a sequence.
///
/// Errors: not_found - it has none (any more).
using EventSource = std::function<Result<std::string>(StreamSeq)>;

/// Sees each step of a replay.
using StepObserver = std::function<void(const engine::Input&, const engine::Effects&)>;

/// Sees what each step of a replay is told, and the engine that does not know it yet.
using BeforeStep = std::function<void(const engine::Input&, const engine::Engine&)>;

/// Where two records part.
struct Divergence {
  std::int64_t record = 0;
  std::string recorded;
  std::string replayed;

  /// Both sides from a little before the first byte that differs.
  std::string words() const;
};

/// Puts the parts of a checkpoint together.
class CheckpointParts {
 public:
  /// Adds the next record; the whole text with the last part. A first part begins anew: who wrote
  /// the one before did not get to its end.
  ///
  /// Errors: corrupt - a part that follows nothing.
  Result<std::optional<std::string>> add(const Record& record);

 private:
  std::string text_;
  std::int64_t taken_ = 0;
};

/// A run again from its journal: a fresh engine is told what the recorded one was told, and must
/// decide the same, byte for byte. Pure.
class Replay {
 public:
  /// From a checkpoint whose last part is the end of `end`, and says `settled`.
  ///
  /// Errors: of `events`, for what waited in the queue.
  static Result<Replay> from(CheckpointBody checkpoint, const Settled& settled, const ChainEnd& end,
                             const EventSource& events);

  /// Takes the record that was found at `seq`, and what parse_record made of `text`. After an error
  /// the replay is over. At a checkpoint it compares what its engine knows, and goes on with the
  /// options that the checkpoint has.
  ///
  /// Errors: corrupt - the chain is broken, or the engine decided something else or knows something
  /// else (`divergence`); not_found - an event that it names is not in the stream any more.
  Status take(const Record& record, std::string_view text, StreamSeq seq,
              const EventSource& events);

  void observe(StepObserver observer) { observer_ = std::move(observer); }
  void observe_before(BeforeStep observer) { before_ = std::move(observer); }

  const engine::Engine& engine() const { return engine_; }
  const engine::EngineOptions& options() const { return options_; }
  const ChainEnd& end() const { return end_; }
  const Settled& settled() const { return settled_; }
  /// What follows from decisions and was not acknowledged when the last record was written.
  const std::deque<Letter>& letters() const { return letters_; }
  const std::optional<Divergence>& divergence() const { return divergence_; }

 private:
  Replay(CheckpointBody checkpoint, const Settled& settled, const ChainEnd& end);
  void settle(const Settled& settled);
  Status take_checkpoint(const Record& record);
  Status meet(CheckpointBody checkpoint, std::int64_t record);
  Status feed(const RecordedInput& input, std::int64_t record, const EventSource& events);
  Status feed_run(const EventRun& run, std::int64_t record, const EventSource& events);
  void step(const engine::Input& input, std::string_view note, std::int64_t record);

  bool strict_events_;
  engine::EngineOptions options_;
  engine::Engine engine_;
  ChainEnd end_;
  Recorder recorder_;
  Settled settled_;
  std::deque<Letter> letters_;
  std::int64_t errors_ = 0;  // letters of the record at hand
  StepObserver observer_;
  BeforeStep before_;
  CheckpointParts parts_;
  std::optional<Divergence> divergence_;
};

}  // namespace lc::journal
