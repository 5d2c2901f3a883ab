#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

#include "common/ids.h"
#include "common/result.h"
#include "common/sha256.h"
#include "proto/cassette.h"
#include "supervisor/engine/engine.h"
#include "supervisor/engine/input.h"
#include "supervisor/journal/playback.h"

// What a recorded run was told and what its crews answered, in the shape in which it can be run
// again in lock-step with the event clock. Pure.
namespace lc::rerun {

/// How one reaction ended on the tape.
struct TapedAnswer {
  std::variant<engine::ReactionDone, engine::ReactionFailed> outcome;
  std::int64_t lamport_step = 1;  // of a done: how far its clock was ahead of its order's

  bool operator==(const TapedAnswer&) const = default;
};

/// From here on the engine has these settings.
struct NewSettings {
  engine::EngineOptions options;
};

/// One thing that the engine is told, beside answers; its `now` is 0.
struct TapeItem {
  std::variant<engine::Input, NewSettings> what;
  SliceIndex slice;  // that it belongs to
};

/// The answers of one crew in one slice, in the order in which its reactions ended.
using TapedAnswers = std::map<std::pair<CrewId, SliceIndex>, std::vector<TapedAnswer>>;

/// A part of a run in which one time holds: from a first checkpoint, a new epoch or an accepted
/// loss on.
struct Stretch {
  std::int64_t record = 0;        // number of the checkpoint that it begins with
  engine::EngineOptions options;  // as recorded, without `resume`
  engine::Checkpoint state;
  Sha256 run{};  // digest of all that was decided before
  std::vector<TapeItem> items;
  TapedAnswers answers;
  std::vector<proto::CassetteEntry> model_calls;
};

struct Tape {
  StreamId stream;
  std::vector<Stretch> stretches;  // at least one
  Sha256 run{};                    // digest of the recorded run
  std::int64_t events = 0;
  std::int64_t refused = 0;  // events that lay too far ahead of the recorded clock: left out
};

/// Makes a tape of a journal as it is played back.
///
/// With the wall clock an event stands with the slice that it was put into, so that one that came
/// early closes nothing, and an order with the slice that was open.
class TapeMaker {
 public:
  /// Observes `playback`, which outlives it and has not begun.
  explicit TapeMaker(journal::Playback& playback, StreamId stream);
  TapeMaker(const TapeMaker&) = delete;
  TapeMaker& operator=(const TapeMaker&) = delete;

  /// The record that the playback has just taken.
  ///
  /// Errors: corrupt - what it notes of model calls cannot be read.
  Status on_record(std::string_view text);

  /// The tape, after the last record. Errors: corrupt - there was no whole checkpoint.
  Result<Tape> take();

 private:
  using ReactionKey = std::tuple<CrewId, SliceIndex, Attempt>;

  void begin_stretch(journal::CheckpointBody checkpoint);
  Result<std::optional<journal::CheckpointBody>> read_checkpoint(const journal::Record& record);
  Status add_model_calls(const journal::Record& record);
  void before_step(const engine::Engine& engine) { open_ = engine.open_slice(); }
  void on_step(const engine::Input& input, const engine::Effects& effects);
  void on_effect(const engine::Effect& effect);
  void on_ended(const engine::ReactionEnded& ended);
  void add_event(const engine::EventArrived& event, const engine::Effects& effects);
  void add_item(engine::Input input, SliceIndex slice);

  journal::Playback& playback_;
  Tape tape_;
  journal::CheckpointParts parts_;
  bool had_failed_ = false;
  SliceIndex open_;
  std::string settings_;                         // of the stretch at hand, as text
  std::map<ReactionKey, TapedAnswer> answered_;  // not ended yet
  std::map<ReactionKey, Lamport> ordered_;
};

/// The reactions that an engine has in flight, in crew order: their orders.
std::vector<proto::Ready> in_flight(const engine::Checkpoint& state);

/// What a reaction asked of models, as the note beside its answer says.
///
/// Errors: corrupt - the note is none.
Result<proto::ModelCalls> model_calls_of(std::string_view note);

}  // namespace lc::rerun
