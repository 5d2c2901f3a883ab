#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/bus.h"
#include "common/metrics.h"
#include "common/timers.h"
#include "supervisor/app_options.h"
#include "supervisor/context_store.h"
#include "supervisor/departures.h"
#include "supervisor/dispatcher.h"
#include "supervisor/engine/engine.h"
#include "supervisor/fault_points.h"
#include "supervisor/ingest.h"
#include "supervisor/outbox.h"
#include "supervisor/scribe.h"

namespace lc::supervisor {

/// What the conductor drives; all outlive it.
struct ConductorParts {
  Bus& bus;
  Timers& timers;
  RunClock& clock;
  process::Fleet& fleet;
  Outbox& outbox;
  ContextStore& store;
  Metrics& metrics;
  FaultPoints& faults;
  JournalLog* journal = nullptr;  // null: decisions leave at once, nothing is written
  std::function<bool()> may_act = [] { return true; };  // whether we hold the stream's lease
};

/// Holds the engine: gives it inputs one at a time and carries out its effects in order.
class Conductor {
 public:
  struct Options {
    IngestRules rules;
    journal::Author author;  // its boot_id makes the ids of this run's own error reports
    EffectObserver observer;
    std::function<std::string(const engine::ReactionFailed&)> on_failed_answer;  // as Dispatcher's
    std::function<void()> on_finished;  // event clock: the input ended and everything was done
  };

  Conductor(ConductorParts parts, Options options);

  /// Makes the engine and begins the journal with it. Returns the record that must be kept before
  /// `go`; 0: none.
  std::int64_t start(engine::EngineOptions options, JournalStart start);
  bool started() const { return engine_.has_value(); }
  bool going() const { return phase_ == Phase::going; }

  /// Starts the beat: sends what is left of an earlier run, then takes the inputs that came so far.
  /// Events up to `catch_up` waited while nobody was here: time passes as they were stored.
  void go(std::vector<journal::Letter> letters, StreamSeq catch_up = {});

  /// The journal has this record.
  void kept(std::int64_t record);

  /// Nothing is decided any more; the journal gets its last records.
  void leave();

  /// We hold the lease again, or still: what waited for that leaves.
  void lead_again();

  /// Somebody else leads the stream: nothing is decided, nothing leaves.
  void stop();

  /// Whether all that was decided is kept and acknowledged.
  bool settled() const;

  /// Takes one message of the events stream; false: take a pause, `on_wants_events` tells the end.
  bool on_event(const BusMessage& message);
  void on_wants_events(std::function<void()> callback) { on_wants_events_ = std::move(callback); }

  /// `note` is what is known of a reaction beside its effects, a JSON object; empty: nothing.
  void give(engine::Input input, std::string note = {});

  /// The outbox or the journal has room again: take events if that was what they waited for.
  void progressed() { resume_if_paused(); }

  /// An `__error` of ours, which follows from no decision: it leaves at once.
  void report(proto::ErrorReport report);

  WallTime epoch0() const { return engine_options_.epoch0; }
  Dispatcher& dispatcher() { return dispatcher_; }
  const Dispatcher& dispatcher() const { return dispatcher_; }
  const engine::Engine* engine() const { return engine_ ? &*engine_ : nullptr; }

 private:
  struct Given {
    engine::Input input;
    std::string note;
  };

  void drain();
  void take(Given given);
  void apply(engine::Effects effects, std::int64_t record);
  void hold(engine::Effect& effect, std::int64_t record);
  void broadcast(const engine::PublishSnapshot& effect);
  bool pressed() const;
  void carry_out(engine::Dispatch& effect);
  void carry_out(engine::PublishAction& effect);
  void carry_out(engine::PublishSnapshot&) {}  // held, then broadcast
  void carry_out(engine::ReportError& effect);
  void carry_out(engine::ReactionEnded& effect);
  void carry_out(engine::CrewStruck& effect);
  void carry_out(engine::CrewDisabled& effect);
  void carry_out(engine::CrewEnabled& effect);
  void carry_out(engine::EventBinned& effect);
  void carry_out(engine::SliceClosed& effect);
  void carry_out(engine::Finished& effect);
  void tell(const proto::ErrorReport& report);
  std::string next_report_id();
  void timers_off();
  WallTime arrival(const BusMessage& message);
  void watch_catch_up();
  void end_catch_up();
  std::string_view label_of(const std::optional<CrewId>& crew) const;
  bool take_event(const BusMessage& message, WallTime now);
  void arm_tick();
  void resume_if_paused();
  void observe_beat_delay(SliceIndex opened);
  Dispatcher::Hooks dispatcher_hooks();

  ConductorParts parts_;
  Options options_;
  Dispatcher dispatcher_;
  Departures departures_;
  std::optional<Scribe> scribe_;
  std::optional<engine::Engine> engine_;
  engine::EngineOptions engine_options_;
  std::deque<Given> inputs_;  // given while effects are carried out: next in turn
  enum class Phase { waiting, going, left } phase_ = Phase::waiting;
  bool busy_ = false;
  bool paused_ = false;
  TimerId tick_;
  std::optional<WallTime> tick_due_;
  StreamSeq stored_seq_;
  std::int64_t reports_ = 0;
  StreamSeq catch_up_;  // the last event that waited; 0: time passes by itself
  WallTime caught_up_;  // the time of the last one taken
  TimerId catch_up_timer_;
  std::int64_t errors_record_ = 0;  // the record whose errors `errors_` counts
  std::int64_t errors_ = 0;
  std::function<void()> on_wants_events_;
};

}  // namespace lc::supervisor
