#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/time.h"
#include "proto/config.h"
#include "proto/context.h"
#include "proto/manifest.h"
#include "supervisor/engine/checkpoint.h"
#include "supervisor/engine/effect.h"
#include "supervisor/engine/input.h"

namespace lc::engine {

/// What the engine must know of a crew: its manifest without what only a worker needs.
struct CrewSpec {
  CrewId crew;
  std::vector<Kind> triggers;
  std::vector<proto::Need> needs;
  proto::WaitPolicy wait_policy = proto::WaitPolicy::none;
  std::int64_t wait_timeout_ms = 0;
  std::int64_t slice_stride = 1;
  std::optional<std::int64_t>
      timeout_ms;  // travels in `ready`; enforced by whoever owns the worker
  proto::BacklogPolicy backlog_policy = proto::BacklogPolicy::fifo;
  std::int64_t max_errors = proto::kMaxErrorsDefault;
  proto::DispatchMode dispatch = proto::DispatchMode::slice;
  std::uint64_t fingerprint = 0;  // of its file: a change lifts a disabling by failures

  bool operator==(const CrewSpec&) const = default;
};

CrewSpec crew_spec(const proto::Manifest& manifest);

struct EngineOptions {
  StreamId stream;
  WallTime epoch0;
  Micros skew;  // arrival - ts of the first event; wall clock only
  std::int64_t slice_ms = 500;
  std::int64_t lateness_ms = 20;  // wall clock only
  proto::ClockMode clock = proto::ClockMode::wall;
  proto::LatePolicy late_policy = proto::LatePolicy::next;
  std::int64_t future_tolerance_seconds = 60;  // wall clock only
  std::int64_t ctx_max_bytes = proto::kContextBytesMaxDefault;
  std::int64_t backlog_max_batches = 256;
  std::map<std::string, proto::ContextKeyPolicy> context_keys;
  std::vector<CrewSpec> crews;
  std::optional<Checkpoint> resume;  // to go on from; crews that have no file any more are left out
};

/// The beat: bins events into slices, commits context, decides who runs. Pure: told the time, does
/// no I/O, iterates ordered containers only; equal inputs give equal effects, byte for byte.
class Engine {
 public:
  explicit Engine(EngineOptions options);
  ~Engine();
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;

  /// Takes one input and says what must be done about it, in order.
  Effects step(Input input);

  /// When the next Tick is due (wall clock), on the scale of `Input::now`.
  std::optional<WallTime> next_deadline() const;

  /// False while so many events wait (event clock) that no further EventArrived may be given.
  bool wants_events() const;

  SliceIndex open_slice() const;

  /// The first slice, from the open one, whose beat has something to do if nothing more happens;
  /// nothing when no slice ever has. Reactions in flight are not foreseen.
  std::optional<SliceIndex> next_work() const;

  const proto::Snapshot& snapshot() const;  // the committed context that the open slice reads
  Checkpoint checkpoint() const;            // everything, to go on from
  StreamSeq given_seq() const;              // the last event that was given, or 0
  std::int64_t reactions_in_flight() const;

  /// For `status` and `crew list`.
  struct CrewState {
    CrewId crew;
    bool enabled = true;
    std::int64_t strikes = 0;  // consecutive
    std::int64_t batches_pending = 0;
    std::optional<SliceIndex> in_flight;  // the slice of the running reaction
    std::string disabled_why;
  };
  std::vector<CrewState> crews() const;  // in crew order

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lc::engine
