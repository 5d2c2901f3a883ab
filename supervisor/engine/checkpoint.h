#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/ids.h"
#include "common/time.h"
#include "proto/action.h"
#include "proto/context.h"
#include "proto/slice.h"
#include "supervisor/engine/backlog.h"
#include "supervisor/engine/effect.h"
#include "supervisor/engine/input.h"
#include "supervisor/engine/merge.h"

// What an engine knows, as a value: an engine that is made from it goes on as the one that it was
// taken from would have, given the same options.
namespace lc::engine {

/// The reaction that a crew has in flight.
struct Reaction {
  proto::Ready ready;     // as it was dispatched, without a nonce
  WallTime actions_ts;    // with the event clock
  bool answered = false;  // event clock: its answer waits for the others'

  bool operator==(const Reaction&) const = default;
};

/// An event that was put into a slice.
struct BinnedEvent {
  proto::BatchEvent event;
  Kind kind;
  WallTime ts;

  bool operator==(const BinnedEvent&) const = default;
};

/// How a reaction, or a worker at rest, ended.
using Answer = std::variant<ReactionDone, ReactionFailed, IdleFailure>;

/// What is known of one crew beyond its file.
struct CrewCheckpoint {
  bool enabled = true;
  std::string disabled_why;
  DisabledBy disabled_by = DisabledBy::order;
  std::uint64_t fingerprint = 0;  // of its file, when the checkpoint was taken
  std::int64_t strikes = 0;       // consecutive
  BacklogContents backlog;
  std::optional<Reaction> in_flight;
  WallTime last_event_ts;         // of the events given to it
  SliceIndex last_slice;          // of its latest dispatch
  std::int64_t attempts = 0;      // dispatches in last_slice
  std::int64_t actions_sent = 0;  // by the reactions of last_slice

  bool operator==(const CrewCheckpoint&) const = default;
};

/// What happened in which slice, of awaited crews and kinds.
struct HistoryContents {
  using Completions = std::map<SliceIndex, std::vector<proto::ActionDraft>>;

  std::map<std::string, Completions> crews;
  std::map<std::string, Completions> kinds;  // without actions

  bool operator==(const HistoryContents&) const = default;
};

struct Checkpoint {
  proto::Snapshot snapshot;  // the context that the open slice reads; `slice` is the open one
  Lamport lamport;
  StreamSeq seen_seq;                                   // the last event that was dealt with
  std::map<SliceIndex, std::vector<BinnedEvent>> bins;  // of the open slice and later ones
  std::vector<PendingDiff> diffs;                       // finished since the last beat
  HistoryContents history;
  std::map<CrewId, CrewCheckpoint> crews;
  std::deque<EventArrived> queue;  // event clock: waits for reactions
  std::vector<Answer> answers;     // event clock: of a phase that is not complete
  bool input_ended = false;
  bool finished = false;

  bool operator==(const Checkpoint&) const = default;
};

/// Where an engine goes on that knows the stored context and nothing else.
Checkpoint checkpoint_of(proto::Snapshot snapshot);

}  // namespace lc::engine
