#pragma once

#include <string>
#include <variant>
#include <vector>

#include "common/ids.h"
#include "common/time.h"
#include "proto/action.h"
#include "proto/context.h"
#include "proto/outcome.h"

// Everything that the engine is told. A list of inputs is a full recording: the engine's answers
// are a function of them alone.
namespace lc::engine {

/// An accepted event, in stream order.
struct EventArrived {
  WallTime now;
  StreamSeq seq;
  WallTime ts;
  Kind kind;
  std::string text;  // the whole Event, canonical text

  bool operator==(const EventArrived&) const = default;
};

/// Time passed: close the slices that are due (wall clock).
struct Tick {
  WallTime now;

  bool operator==(const Tick&) const = default;
};

/// A worker answered in time, with the right nonce and a valid message.
struct ReactionDone {
  WallTime now;
  CrewId crew;
  SliceIndex slice;
  Attempt attempt;
  Lamport lamport;
  proto::ContextDiff diff;
  std::vector<proto::ActionDraft> actions;

  bool operator==(const ReactionDone&) const = default;
};

/// A reaction ended in any other way.
struct ReactionFailed {
  WallTime now;
  CrewId crew;
  SliceIndex slice;
  Attempt attempt;
  proto::Outcome outcome = proto::Outcome::error;
  std::string detail;  // words for a person
  std::string excuse;  // why it is no strike whatever the outcome; empty: no excuse
  std::string worker;  // what is known of the process, a JSON object; empty: nothing

  bool operator==(const ReactionFailed&) const = default;
};

enum class WorkerPhase { starting, resting };

/// Nobody works on a reaction any more, or nobody ever did: its host is gone, or its answer was. No
/// strike: it is dispatched anew, as another attempt.
struct ReactionLost {
  WallTime now;
  CrewId crew;
  SliceIndex slice;
  Attempt attempt;
  std::string why;  // words for a person

  bool operator==(const ReactionLost&) const = default;
};

/// A worker died while it had no reaction in flight: counts a strike like a failed reaction.
struct IdleFailure {
  WallTime now;
  CrewId crew;
  proto::Outcome outcome = proto::Outcome::exit;
  std::string detail;
  std::string excuse;
  std::string worker;
  WorkerPhase phase = WorkerPhase::resting;
  bool is_reported = false;  // before the stream had time

  bool operator==(const IdleFailure&) const = default;
};

/// An operator lifts a disabling; strikes start at zero.
struct EnableCrew {
  WallTime now;
  CrewId crew;

  bool operator==(const EnableCrew&) const = default;
};

/// An operator (or a recovered durable state) disables a crew.
struct DisableCrew {
  WallTime now;
  CrewId crew;
  std::string why;

  bool operator==(const DisableCrew&) const = default;
};

/// No event will follow (event clock: a file ended).
struct InputEnded {
  WallTime now;

  bool operator==(const InputEnded&) const = default;
};

/// A supervisor has taken the stream up where another one left it: what was in flight is dispatched
/// anew, and crews that are no more are told of.
struct Resumed {
  WallTime now;

  bool operator==(const Resumed&) const = default;
};

using Input = std::variant<EventArrived, Tick, ReactionDone, ReactionFailed, ReactionLost,
                           IdleFailure, EnableCrew, DisableCrew, InputEnded, Resumed>;

}  // namespace lc::engine
