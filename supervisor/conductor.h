#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/bus.h"
#include "common/metrics.h"
#include "common/timers.h"
#include "supervisor/context_store.h"
#include "supervisor/crew_states.h"
#include "supervisor/dispatcher.h"
#include "supervisor/engine/engine.h"
#include "supervisor/ingest.h"
#include "supervisor/outbox.h"

namespace lc::supervisor {

/// What the conductor drives; all outlive it.
struct ConductorParts {
  Bus& bus;
  Timers& timers;
  RunClock& clock;
  process::Fleet& fleet;
  Outbox& outbox;
  ContextStore& store;
  CrewStates& crew_states;
  Metrics& metrics;
};

/// Sees every effect before it is carried out: for `process`, summaries and tests.
using EffectObserver = std::function<void(const engine::Effect&, WallTime now)>;

/// Holds the engine: gives it inputs one at a time and carries out its effects in order.
class Conductor {
 public:
  struct Options {
    IngestRules rules;
    std::string boot_id;  // makes the ids of this run's error reports its own
    EffectObserver observer;
    std::function<std::string(const engine::ReactionFailed&)> on_failed_answer;  // as Dispatcher's
    std::function<void()> on_finished;  // event clock: the input ended and everything was done
  };

  Conductor(ConductorParts parts, Options options);

  /// Starts the beat. Inputs that came before are taken now, in order.
  void start(engine::EngineOptions options);
  bool started() const { return engine_.has_value(); }

  /// Takes one message of the events stream; false: take a pause, `on_wants_events` tells the end.
  bool on_event(const BusMessage& message);
  void on_wants_events(std::function<void()> callback) { on_wants_events_ = std::move(callback); }

  void give(engine::Input input);

  /// The outbox has room again: take events if that was what they waited for.
  void outbox_progressed() { resume_if_paused(); }

  void report(proto::ErrorReport report);

  WallTime epoch0() const { return engine_options_.epoch0; }
  Dispatcher& dispatcher() { return dispatcher_; }
  const engine::Engine* engine() const { return engine_ ? &*engine_ : nullptr; }

 private:
  void drain();
  void apply(engine::Effects effects);
  void carry_out(engine::Dispatch& effect);
  void carry_out(engine::PublishAction& effect);
  void carry_out(engine::PublishSnapshot& effect);
  void carry_out(engine::ReportError& effect);
  void carry_out(engine::ReactionEnded& effect);
  void carry_out(engine::CrewStruck& effect);
  void carry_out(engine::CrewDisabled& effect);
  void carry_out(engine::CrewEnabled& effect);
  void carry_out(engine::EventBinned& effect);
  void carry_out(engine::SliceClosed& effect);
  void carry_out(engine::Finished& effect);
  std::string_view label_of(const std::optional<CrewId>& crew) const;
  void arm_tick();
  void resume_if_paused();
  void observe_beat_delay(SliceIndex opened);
  Dispatcher::Hooks dispatcher_hooks();

  ConductorParts parts_;
  Options options_;
  Dispatcher dispatcher_;
  std::optional<engine::Engine> engine_;
  engine::EngineOptions engine_options_;
  std::deque<engine::Input> inputs_;  // given while effects are carried out: next in turn
  bool busy_ = false;
  bool paused_ = false;
  TimerId tick_;
  std::optional<WallTime> tick_due_;
  StreamSeq stored_seq_;
  std::int64_t reports_ = 0;
  std::function<void()> on_wants_events_;
};

}  // namespace lc::supervisor
