#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/ids.h"
#include "common/time.h"
#include "proto/action.h"
#include "proto/context.h"
#include "proto/error_report.h"
#include "proto/outcome.h"
#include "proto/slice.h"

// Everything that the engine asks for, in the order in which it must happen.
namespace lc::engine {

/// Wake a crew. `ready.nonce` is empty: the shell draws it. The deadline runs from publication.
struct Dispatch {
  proto::Ready ready;
};

/// Publish an action that a finished reaction asked for.
struct PublishAction {
  std::string msg_id;  // S.n.C.i: i counts the actions of crew C in slice n, over all its reactions
  CrewId crew;
  SliceIndex slice;
  proto::Action action;
};

enum class SnapshotChange { same, changed };

/// Broadcast the context that the next slice reads; store it when it changed or events were binned.
struct PublishSnapshot {
  proto::Snapshot snapshot;
  SnapshotChange change = SnapshotChange::same;
};

/// Publish an `__error`. Reasons are listed in proto/README.md.
struct ReportError {
  proto::ErrorReport report;
  std::string worker;  // what is known of the process, a JSON object; empty: nothing
};

/// What is published: `worker` is a member of the detail. Apart from it because no decision depends
/// on a process's number or its times, and no two runs agree on them.
proto::ErrorReport published(const ReportError& effect);

/// A reaction ended: for metrics, logs and the journal.
struct ReactionEnded {
  CrewId crew;
  SliceIndex slice;
  Attempt attempt;
  proto::Outcome outcome = proto::Outcome::ok;
};

/// Something was held against the crew.
struct CrewStruck {
  CrewId crew;
  std::int64_t strikes = 0;  // consecutive, with this one
};

enum class DisabledBy { strikes, order };

/// The crew takes no more work until it is enabled; its worker may be stopped.
struct CrewDisabled {
  CrewId crew;
  std::string reason;
  DisabledBy by = DisabledBy::order;
};

/// An operator wants it to work: it has no strikes, and its worker waits for nothing.
struct CrewEnabled {
  CrewId crew;
};

/// An event went into a slice. `orig_slice` is set when it was late.
struct EventBinned {
  StreamSeq seq;
  SliceIndex slice;
  std::optional<SliceIndex> orig_slice;
};

/// What was decided for a crew at a beat.
struct CrewWaiting {
  CrewId crew;
  std::vector<std::string> unmet;  // `vision@-1`, `busy`, `stride`; sorted

  bool operator==(const CrewWaiting&) const = default;
};

/// Slice n was closed: what the beat decided. Follows the dispatches and errors of that beat.
struct SliceClosed {
  SliceIndex slice;
  std::int64_t events = 0;
  std::vector<CrewId> ready;         // dispatched by this beat, in crew order
  std::vector<CrewWaiting> waiting;  // have a batch and wait, in crew order
};

/// Event clock: the input ended, every slice is closed and every reaction has finished.
struct Finished {};

using Effect =
    std::variant<Dispatch, PublishAction, PublishSnapshot, ReportError, ReactionEnded, CrewStruck,
                 CrewDisabled, CrewEnabled, EventBinned, SliceClosed, Finished>;
using Effects = std::vector<Effect>;

}  // namespace lc::engine
