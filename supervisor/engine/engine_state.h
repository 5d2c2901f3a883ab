#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "supervisor/engine/backlog.h"
#include "supervisor/engine/engine.h"
#include "supervisor/engine/history.h"
#include "supervisor/engine/merge.h"
#include "supervisor/engine/readiness.h"
#include "supervisor/engine/slice_clock.h"

// What the engine knows, private to its .cc files:
//   engine.cc     the public face, and which input goes where
//   intake.cc     events into slices; the two clocks decide when slices close
//   beat.cc       closing one slice
//   reactions.cc  dispatching, answers, strikes, enabling and disabling
//   checkpoint.cc everything as a value, and going on from it
namespace lc::engine {

/// Event clock: events that wait while reactions run; more make `wants_events` false.
inline constexpr std::size_t kEventsQueuedMax = 65'536;

/// Wall clock: after a longer stall than this many slices, empty ones are not published.
inline constexpr std::int64_t kBeatsAtOnceMax = 10'000;

/// How far one answer may push the logical clock: a worker cannot use it up.
inline constexpr std::int64_t kLamportStepMax = 1'000'000;

struct Engine::State {
  struct Crew {
    CrewSpec spec;
    Backlog backlog;
    bool enabled = true;
    std::string disabled_why;
    DisabledBy disabled_by = DisabledBy::order;
    std::int64_t strikes = 0;
    std::optional<Reaction> in_flight;
    WallTime last_event_ts;         // of the events given to it
    SliceIndex last_slice;          // of its latest dispatch
    std::int64_t attempts = 0;      // dispatches in last_slice
    std::int64_t actions_sent = 0;  // by the reactions of last_slice
  };

  explicit State(EngineOptions engine_options);

  // engine.cc
  void handle(EventArrived&& input);
  void handle(const Tick& input);
  void handle(ReactionDone&& input);
  void handle(const ReactionFailed& input);
  void handle(const ReactionLost& input);
  void handle(const IdleFailure& input);
  void handle(const EnableCrew& input);
  void handle(const DisableCrew& input);
  void handle(const InputEnded& input);
  void handle(const Resumed& input);
  bool is_event_clock() const { return options.clock == proto::ClockMode::event; }
  World world() const { return {history, disabled, options.slice_ms}; }
  Crew* find_crew(const CrewId& id);

  // checkpoint.cc
  Checkpoint checkpoint() const;
  void restore(Checkpoint from);
  void resume();

  // intake.cc
  void admit(EventArrived event);
  void bin_into_open(const BinnedEvent& binned);
  void open_next(SliceIndex slice);
  void close_due_slices(WallTime at);
  void pump();
  void apply_answers();
  void finish();
  std::optional<SliceIndex> next_work() const;
  StreamSeq settled_seq() const;

  // beat.cc
  void beat();
  void commit();
  void fill_backlogs(const std::vector<BinnedEvent>& events);
  SliceClosed decide();
  std::vector<std::string> why_waiting(const Crew& crew, SliceIndex at) const;
  SliceIndex horizon() const;

  // reactions.cc
  enum class Decision { waits, dispatched };
  Decision evaluate(Crew& crew, SliceIndex at);
  void evaluate_waiting();
  void dispatch(Crew& crew, SliceIndex at, std::vector<std::string> missing);
  void dispatch_anew(Crew& crew);
  void give(Crew& crew, const BinnedEvent& binned);
  void apply(const ReactionDone& done);
  void apply(const ReactionFailed& failed);
  void apply(const ReactionLost& lost);
  void apply(const IdleFailure& failure);
  bool matches(const CrewId& crew, SliceIndex slice, Attempt attempt);
  void count_strike(Crew& crew, proto::Outcome outcome, const std::string& excuse);
  void disable_after_strikes(Crew& crew);
  void disable(Crew& crew, const std::string& why, DisabledBy by);
  SliceIndex judging_slice(const Crew& crew) const;

  // Reports; `detail` is a JSON object.
  struct Report {
    std::string_view reason;  // of proto/error_reasons.h
    std::string message;
    std::optional<CrewId> crew;
    std::optional<SliceIndex> slice;
    std::string detail = "{}";
    std::string worker = {};  // what is known of the process, a JSON object
  };
  void report(Report report);

  EngineOptions options;
  SliceClock clock;
  std::map<CrewId, Crew> crews;
  std::set<CrewId> waiting;   // crews with a pending batch, busy or idle
  std::set<CrewId> disabled;  // as Crew::enabled, for readiness
  // Crews by what wakes them, in crew order; pointers into `crews`, which never changes.
  std::map<Kind, std::vector<Crew*>> wakes_at_beat;
  std::map<Kind, std::vector<Crew*>> wakes_on_arrival;
  std::map<Kind, std::vector<Crew*>> needs_on_arrival;
  std::int64_t offset_max = 0;  // slices; the largest |offset| of any need
  History history;

  SliceIndex open;                                      // the slice that takes events
  std::map<SliceIndex, std::vector<BinnedEvent>> bins;  // of the open slice and later ones
  std::vector<PendingDiff> diffs;                       // finished since the last beat
  proto::Snapshot snapshot;
  Lamport lamport;
  StreamSeq seen_seq;  // the last event that was dealt with

  WallTime now;         // of the input at hand
  WallTime event_time;  // event clock: the end of the last slice that was closed

  std::deque<EventArrived> queue;  // event clock
  std::vector<Answer> answers;     // event clock: of a phase that is not complete
  std::int64_t unanswered = 0;     // reactions in flight whose answer has not come
  bool input_ended = false;
  bool finished = false;
  std::map<CrewId, CrewCheckpoint> gone;  // of the checkpoint, without a file now
  std::vector<CrewId> repaired;           // disabled by failures, their files changed since

  Effects effects;
};

}  // namespace lc::engine
