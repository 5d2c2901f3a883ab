#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/time.h"
#include "supervisor/departures.h"
#include "supervisor/engine/engine.h"
#include "supervisor/fault_points.h"
#include "supervisor/journal/checkpoint_text.h"
#include "supervisor/journal/recorder.h"
#include "supervisor/journal_log.h"

namespace lc::supervisor {

/// How many records, or events named by them, may follow a checkpoint before the next one: what a
/// supervisor that takes the stream up has to read.
inline constexpr std::int64_t kRecordsPerCheckpoint = 1'000;
inline constexpr std::int64_t kEventsPerCheckpoint = 20'000;
/// How old a checkpoint may be that records follow: their events' stream keeps them for a day only.
inline constexpr Micros kCheckpointAge = seconds(3'600);
/// How old one may be that nothing follows: the journal's stream keeps records for a week only.
inline constexpr Micros kCheckpointAgeIdle = seconds(86'400);

/// Where a journal goes on.
struct JournalStart {
  journal::ChainEnd end;
  journal::CheckpointWhy why = journal::CheckpointWhy::start;
  std::string loss;  // what is given up, a JSON object; empty: nothing
  journal::Settled settled;
  std::vector<journal::Letter> letters;  // of the records so far, not acknowledged
};

/// Writes the journal of one engine: notes each step, appends what is due, takes checkpoints.
class Scribe {
 public:
  struct Options {
    StreamId stream;
    journal::Author author;
    bool strict_events = true;
  };

  Scribe(Options options, Bus& bus, JournalLog& log, Departures& departures, FaultPoints& faults);

  /// Begins with a checkpoint of what the engine is made with, `resume` included: what was known
  /// before, which a replay knows too. Returns its last record: nothing may be given out before it
  /// is kept.
  std::int64_t start(engine::EngineOptions options, JournalStart start);

  /// Notes a step of the engine. Returns the record that what follows from it waits for.
  std::int64_t note(const engine::Input& input, const engine::Effects& effects,
                    std::string_view note);

  /// Appends what is due, after the effects of the step have been given to `departures`.
  void settle(const engine::Engine& engine, MonoTime now);

  /// The last records: what is noted, and a checkpoint to go on from.
  void leave(const engine::Engine& engine);

 private:
  void append_record();
  void append_checkpoint(engine::Checkpoint state, journal::CheckpointWhy why, std::string loss,
                         std::vector<journal::Letter> letters);
  void append(std::string text);

  Options options_;
  Bus& bus_;
  JournalLog& log_;
  Departures& departures_;
  FaultPoints& faults_;
  engine::EngineOptions engine_options_;
  std::optional<journal::Recorder> recorder_;
  std::int64_t records_ = 0;  // since the last checkpoint
  std::int64_t events_ = 0;
  std::optional<MonoTime> checkpoint_at_;  // when it was first seen
  bool has_letters_ = false;  // the last checkpoint: whoever goes on from it asks after them
};

}  // namespace lc::supervisor
