#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "common/ids.h"
#include "proto/recorded_reaction.h"
#include "supervisor/engine/engine.h"
#include "supervisor/journal/record.h"

namespace lc::journal {

/// The last slices before the one asked for, in which the crew was dispatched, that are remembered.
inline constexpr std::size_t kNearbyMax = 3;

/// Watches a replay for the reactions of one crew in one slice: what it was given and what came of
/// it. A reaction belongs to the slice at which it was decided. Pure.
class Readied {
 public:
  Readied(CrewId crew, SliceIndex slice) : crew_(std::move(crew)), slice_(slice) {}

  /// What a step will be told, and who does not know it yet.
  void before(const engine::EngineOptions& options, const engine::Engine& engine,
              const engine::Input& input);
  void after(const engine::EngineOptions& options, const engine::Engine& engine,
             const engine::Input& input, const engine::Effects& effects, std::int64_t record);

  /// Whether the steps of `record` ended a reaction that is watched: then `add_notes` wants it.
  bool wants_notes(std::int64_t record) const;

  /// Adds what a record says of reactions beside their effects: times, usage, model calls.
  ///
  /// Errors: corrupt - a note is not written as a record has it.
  Status add_notes(const Record& record);

  /// Whether nothing that follows can add to the answer.
  bool is_done() const { return done_; }

  /// In the order dispatched.
  const std::vector<proto::RecordedReaction>& attempts() const { return attempts_; }

  bool is_crew_known() const { return is_crew_known_; }
  /// The slice was closed before the first record that was watched.
  bool was_too_early() const { return too_early_; }
  /// The slice that is open at the end.
  SliceIndex open_slice() const { return open_; }
  /// Slices in which the crew was dispatched, around the one asked for.
  const std::deque<SliceIndex>& nearby() const { return nearby_; }

 private:
  void begin(const engine::EngineOptions& options, const engine::Checkpoint& state);
  void add(const engine::EngineOptions& options, proto::Ready ready, std::int64_t record);
  bool is_awaited(const engine::Engine& engine, const engine::Input& input) const;
  void end(const CrewId& crew, SliceIndex slice, Attempt attempt, proto::RecordedOutcome outcome);

  CrewId crew_;
  SliceIndex slice_;
  bool begun_ = false;
  bool done_ = false;
  bool too_early_ = false;
  bool is_crew_known_ = false;
  bool is_answer_ = false;  // the step at hand ends a reaction that is watched
  SliceIndex open_;
  std::vector<proto::RecordedReaction> attempts_;
  std::deque<SliceIndex> nearby_;
};

}  // namespace lc::journal
