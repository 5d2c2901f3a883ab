#include "supervisor/conductor.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/log.h"
#include "proto/error_reasons.h"
#include "proto/subjects.h"

namespace lc::supervisor {
namespace {

constexpr std::size_t kInputsBeforeEpochMax = 1'000;
constexpr std::size_t kLoggedBytesMax = 2'000;  // of an error's detail

double in_seconds(Micros time) {
  return static_cast<double>(time.us) / 1e6;
}

}  // namespace

Conductor::Conductor(ConductorParts parts, Options options)
    : parts_(parts),
      options_(std::move(options)),
      dispatcher_(options_.rules.stream, parts_.bus, parts_.fleet, parts_.timers, parts_.clock,
                  dispatcher_hooks()) {}

Dispatcher::Hooks Conductor::dispatcher_hooks() {
  Metrics& metrics = parts_.metrics;
  return {.give = [this](engine::Input input) { give(std::move(input)); },
          .report = [this](proto::ErrorReport refused) { report(std::move(refused)); },
          .on_failed_answer =
              [this](const engine::ReactionFailed& failed) {
                return options_.on_failed_answer ? options_.on_failed_answer(failed) : "";
              },
          .on_lag =
              [&metrics](const CrewId& crew, Micros lag) {
                metrics.slice_lag_seconds.of(crew.value).set(in_seconds(lag));
              },
          .on_reaction =
              [&metrics](const CrewId& crew, Micros took) {
                metrics.reaction_seconds.of(crew.value).observe(in_seconds(took));
              }};
}

void Conductor::start(engine::EngineOptions options) {
  engine_options_ = options;
  engine_.emplace(std::move(options));
  drain();
}

bool Conductor::on_event(const BusMessage& message) {
  Ingested ingested = ingest(message, parts_.clock.stream_now(), options_.rules);
  if (auto* refused = std::get_if<proto::ErrorReport>(&ingested)) {
    parts_.metrics.events_refused_total.of(refused->reason).add();
    report(std::move(*refused));
    return true;
  }
  parts_.metrics.events_total.add();
  give(std::get<engine::EventArrived>(std::move(ingested)));
  const bool full = engine_ ? !engine_->wants_events() : inputs_.size() >= kInputsBeforeEpochMax;
  paused_ = full || parts_.outbox.pressed();
  return !paused_;
}

void Conductor::give(engine::Input input) {
  inputs_.push_back(std::move(input));
  drain();
}

void Conductor::drain() {
  if (busy_ || !engine_) {
    return;
  }
  busy_ = true;
  while (!inputs_.empty()) {
    engine::Input next = std::move(inputs_.front());
    inputs_.pop_front();
    apply(engine_->step(std::move(next)));
  }
  busy_ = false;
  arm_tick();
  resume_if_paused();
}

void Conductor::apply(engine::Effects effects) {
  const WallTime now = parts_.clock.stream_now();
  for (engine::Effect& effect : effects) {
    if (options_.observer) {
      options_.observer(effect, now);
    }
    std::visit([this](auto& each) { carry_out(each); }, effect);
  }
}

void Conductor::carry_out(engine::Dispatch& effect) {
  dispatcher_.dispatch(std::move(effect.ready));
}

void Conductor::carry_out(engine::PublishAction& effect) {
  parts_.metrics.actions_sent_total.of(effect.action.kind.value).add();
  parts_.outbox.send(proto::actions_subject(options_.rules.stream),
                     proto::write_action(effect.action), std::move(effect.msg_id));
}

void Conductor::carry_out(engine::PublishSnapshot& effect) {
  const proto::Snapshot& snapshot = effect.snapshot;
  // A beat that cannot be sent now is not worth sending later: the next one replaces it.
  if (!parts_.bus.publish(proto::ctx_subject(options_.rules.stream),
                          proto::write_snapshot(snapshot))) {
    log_debug("snapshot not broadcast", {{"slice", snapshot.slice.value}});
  }
  observe_beat_delay(snapshot.slice);
  if (effect.change == engine::SnapshotChange::changed || snapshot.event_seq != stored_seq_) {
    stored_seq_ = snapshot.event_seq;
    parts_.store.put(snapshot);
    parts_.metrics.ctx_bytes.set(
        static_cast<double>(proto::write_context(snapshot.context).size()));
  }
}

void Conductor::carry_out(engine::ReportError& effect) {
  const std::string& reason = effect.report.reason;
  if (reason == proto::kReasonContextConflict) {
    parts_.metrics.ctx_conflicts_total.add();
  } else if (reason == proto::kReasonCtxSize) {
    parts_.metrics.ctx_dropped_keys_total.add();
  } else if (reason == proto::kReasonBacklogOverflow && effect.report.crew) {
    parts_.metrics.batches_dropped_total.of(effect.report.crew->value).add();
  }
  report(engine::published(effect));
}

void Conductor::carry_out(engine::ReactionEnded& effect) {
  parts_.metrics.reactions_total.of(effect.crew.value, proto::to_string(effect.outcome)).add();
}

void Conductor::carry_out(engine::CrewStruck& effect) {
  parts_.metrics.strikes_total.of(effect.crew.value).add();
}

void Conductor::carry_out(engine::CrewDisabled& effect) {
  log_error("crew disabled", {{"crew", effect.crew.value}, {"reason", effect.reason}});
  parts_.metrics.crew_enabled.of(effect.crew.value).set(0);
  const bool by_strikes = effect.by == engine::DisabledBy::strikes;
  parts_.crew_states.disabled(
      effect.crew, effect.reason,
      by_strikes ? CrewStates::By::failures : CrewStates::By::operator_order,
      parts_.clock.stream_now());
  dispatcher_.cancel(effect.crew, by_strikes ? proto::Outcome::spawn_failed : proto::Outcome::admin,
                     "the crew was disabled: " + effect.reason);
  if (dispatcher_.runs_here(effect.crew)) {
    parts_.fleet.stop(effect.crew);
  }
}

void Conductor::carry_out(engine::CrewEnabled& effect) {
  log_info("crew enabled", {{"crew", effect.crew.value}});
  parts_.crew_states.enabled(effect.crew);
  parts_.metrics.crew_enabled.of(effect.crew.value).set(1);
  if (dispatcher_.runs_here(effect.crew)) {
    parts_.fleet.start(effect.crew);
  }
}

void Conductor::carry_out(engine::EventBinned& effect) {
  if (effect.orig_slice) {
    parts_.metrics.events_late_total.add();
  }
}

void Conductor::carry_out(engine::SliceClosed& effect) {
  parts_.metrics.slices_total.add();
  if (effect.events > 0 || !effect.ready.empty()) {
    log_debug("slice complete", {{"slice", effect.slice.value},
                                 {"events", effect.events},
                                 {"ready", static_cast<std::int64_t>(effect.ready.size())},
                                 {"waiting", static_cast<std::int64_t>(effect.waiting.size())}});
  }
}

void Conductor::carry_out(engine::Finished&) {
  if (options_.on_finished) {
    options_.on_finished();
  }
}

void Conductor::report(proto::ErrorReport report) {
  parts_.metrics.errors_total.of(label_of(report.crew)).add();
  log_warn(
      "error reported",
      {{"reason", report.reason},
       {"crew", report.crew ? LogValue(report.crew->value) : std::nullopt},
       {"slice", report.slice ? LogValue(report.slice->value) : std::nullopt},
       {"error", report.message},
       {"detail", report.detail == "{}" ? LogValue(std::nullopt)
                                        : LogValue(report.detail.substr(0, kLoggedBytesMax))}});
  const std::string id = fmt::format("{}.{}", options_.boot_id, ++reports_);
  parts_.outbox.send(proto::errors_subject(options_.rules.stream),
                     proto::write_error_report(report), id);
}

// Anybody who may publish can name a crew: only our own become labels.
std::string_view Conductor::label_of(const std::optional<CrewId>& crew) const {
  const auto known = [&crew](const engine::CrewSpec& spec) { return spec.crew == *crew; };
  return crew && std::ranges::any_of(engine_options_.crews, known) ? crew->value
                                                                   : std::string_view{};
}

void Conductor::arm_tick() {
  const std::optional<WallTime> due = engine_->next_deadline();
  if (due == tick_due_) {
    return;
  }
  parts_.timers.cancel(tick_);
  tick_due_ = due;
  if (due) {
    tick_ = parts_.timers.arm(parts_.clock.to_mono(*due), [this] {
      tick_due_.reset();
      give(engine::Tick{parts_.clock.stream_now()});
    });
  }
}

void Conductor::resume_if_paused() {
  if (paused_ && engine_ && engine_->wants_events() && !parts_.outbox.pressed()) {
    paused_ = false;
    on_wants_events_();
  }
}

void Conductor::observe_beat_delay(SliceIndex opened) {
  if (engine_options_.clock != proto::ClockMode::wall) {
    return;
  }
  const Micros slice = millis(engine_options_.slice_ms);
  const WallTime due = slice_start(opened, engine_options_.epoch0, slice) + engine_options_.skew +
                       millis(engine_options_.lateness_ms);
  parts_.metrics.beat_delay_seconds.observe(in_seconds(parts_.clock.stream_now() - due));
}

}  // namespace lc::supervisor
