#include "supervisor/conductor.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/log.h"
#include "proto/error_reasons.h"
#include "proto/subjects.h"

namespace lc::supervisor {
namespace {

constexpr std::size_t kInputsBeforeEpochMax = 1'000;
constexpr Micros kCatchUpPatience = seconds(5);  // without any event
constexpr std::size_t kLoggedBytesMax = 2'000;   // of an error's detail

}  // namespace

Conductor::Conductor(ConductorParts parts, Options options)
    : parts_(parts),
      options_(std::move(options)),
      dispatcher_(options_.rules.stream, options_.author.boot_id, parts_.bus, parts_.fleet,
                  parts_.timers, parts_.clock, dispatcher_hooks()),
      departures_(options_.rules.stream, parts_.outbox, parts_.faults,
                  {.may_leave = parts_.may_act,
                   .on_snapshot = [this](engine::PublishSnapshot& beat) { broadcast(beat); }}) {
  if (parts_.journal != nullptr) {
    scribe_.emplace(Scribe::Options{.stream = options_.rules.stream,
                                    .author = options_.author,
                                    .strict_events = options_.rules.validation.strict_mode},
                    parts_.bus, *parts_.journal, departures_, parts_.faults);
  }
}

Dispatcher::Hooks Conductor::dispatcher_hooks() {
  Metrics& metrics = parts_.metrics;
  return {.give = [this](engine::Input input,
                         std::string note) { give(std::move(input), std::move(note)); },
          .may_act = parts_.may_act,
          .report = [this](proto::ErrorReport refused) { report(std::move(refused)); },
          .on_failed_answer =
              [this](const engine::ReactionFailed& failed) {
                return options_.on_failed_answer ? options_.on_failed_answer(failed) : "";
              },
          .on_lag =
              [&metrics](const CrewId& crew, Micros lag) {
                metrics.slice_lag_seconds.of(crew.value).set(in_seconds(lag));
              },
          .on_lost =
              [&metrics](const CrewId& crew) { metrics.reactions_lost_total.of(crew.value).add(); },
          .on_reaction =
              [&metrics](const CrewId& crew, Micros took) {
                metrics.reaction_seconds.of(crew.value).observe(in_seconds(took));
              }};
}

std::int64_t Conductor::start(engine::EngineOptions options, JournalStart start) {
  engine_options_ = options;
  engine_options_.resume.reset();
  engine_.emplace(options);
  if (!scribe_) {
    departures_.kept(kNoJournal);
    return 0;
  }
  return scribe_->start(std::move(options), std::move(start));
}

void Conductor::go(std::vector<journal::Letter> letters, StreamSeq catch_up) {
  if (phase_ != Phase::waiting) {
    return;  // told to leave meanwhile
  }
  for (journal::Letter& letter : letters) {
    departures_.hold(std::move(letter));
  }
  // Also what was stored last may not have arrived.
  departures_.hold({.snapshot = engine_->snapshot(), .change = engine::SnapshotChange::changed}, 0);
  phase_ = Phase::going;
  // What waited while nobody was here comes first, then what came to us meanwhile.
  const bool waited = engine_options_.clock == proto::ClockMode::wall &&
                      engine_->given_seq() < catch_up && scribe_.has_value();
  catch_up_ = waited ? catch_up : StreamSeq{};
  inputs_.push_front({engine::Resumed{parts_.clock.stream_now()}, {}});
  watch_catch_up();
  drain();
}

// When an event arrived: now, or while we catch up when its stream got it, after everything before.
WallTime Conductor::arrival(const BusMessage& message) {
  const WallTime now = parts_.clock.stream_now();
  if (catch_up_.value == 0 || message.stored.us == 0) {
    return now;
  }
  caught_up_ = std::min(now, std::max(caught_up_, message.stored));
  return caught_up_;
}

// Events that never come must not hold the clock.
void Conductor::watch_catch_up() {
  parts_.timers.cancel(catch_up_timer_);
  if (catch_up_.value > 0) {
    catch_up_timer_ = parts_.timers.arm(parts_.clock.mono() + kCatchUpPatience, [this] {
      log_warn("events expected, none came", {{"up_to_seq", catch_up_.value}});
      end_catch_up();
    });
  }
}

void Conductor::end_catch_up() {
  parts_.timers.cancel(catch_up_timer_);
  catch_up_ = {};
  if (phase_ == Phase::going && !busy_) {
    arm_tick();
  }
}

void Conductor::kept(std::int64_t record) {
  departures_.kept(record);
  resume_if_paused();
}

void Conductor::leave() {
  if (phase_ == Phase::going && scribe_) {
    scribe_->leave(*engine_);
  }
  phase_ = Phase::left;
  timers_off();
}

void Conductor::lead_again() {
  departures_.release();
  dispatcher_.go_on();
}

void Conductor::stop() {
  phase_ = Phase::left;
  departures_.stop();
  timers_off();
}

bool Conductor::settled() const {
  return departures_.idle() && (parts_.journal == nullptr || parts_.journal->settled());
}

void Conductor::timers_off() {
  parts_.timers.cancel(tick_);
  parts_.timers.cancel(catch_up_timer_);
  dispatcher_.stop();
  tick_due_.reset();
}

bool Conductor::pressed() const {
  return parts_.outbox.pressed() || (parts_.journal != nullptr && parts_.journal->pressed());
}

bool Conductor::on_event(const BusMessage& message) {
  const WallTime now = arrival(message);
  const bool catches_up = catch_up_.value > 0;
  if (catches_up) {
    give(engine::Tick{now});  // the slices that were due before it came
    watch_catch_up();
  }
  const bool keeps_on = take_event(message, now);
  if (catches_up && message.seq >= catch_up_) {
    end_catch_up();
  }
  return keeps_on;
}

bool Conductor::take_event(const BusMessage& message, WallTime now) {
  Ingested ingested = ingest(message, now, options_.rules);
  if (auto* refused = std::get_if<proto::ErrorReport>(&ingested)) {
    parts_.metrics.events_refused_total.of(refused->reason).add();
    report(std::move(*refused));
    return true;
  }
  parts_.metrics.events_total.add();
  give(std::get<engine::EventArrived>(std::move(ingested)));
  const bool full =
      phase_ == Phase::going ? !engine_->wants_events() : inputs_.size() >= kInputsBeforeEpochMax;
  paused_ = full || pressed();
  return !paused_;
}

void Conductor::give(engine::Input input, std::string note) {
  if (phase_ == Phase::left) {
    return;  // what comes now, whoever takes the stream up learns by himself
  }
  inputs_.push_back({std::move(input), std::move(note)});
  drain();
}

void Conductor::drain() {
  if (busy_ || phase_ != Phase::going) {
    return;
  }
  busy_ = true;
  while (!inputs_.empty() && phase_ == Phase::going) {
    Given next = std::move(inputs_.front());
    inputs_.pop_front();
    take(std::move(next));
  }
  busy_ = false;
  if (phase_ == Phase::going) {
    arm_tick();
    resume_if_paused();
  }
}

void Conductor::take(Given given) {
  if (engine_options_.clock == proto::ClockMode::event) {
    // No decision depends on when it is made: runs of the same events have the same journal.
    std::visit([](auto& input) { input.now = {}; }, given.input);
  }
  if (!scribe_) {
    apply(engine_->step(std::move(given.input)), 0);
    return;
  }
  engine::Effects effects = engine_->step(given.input);
  parts_.faults.pass("decided");
  const std::int64_t record = scribe_->note(given.input, effects, given.note);
  apply(std::move(effects), record);
  scribe_->settle(*engine_, parts_.clock.mono());
}

void Conductor::apply(engine::Effects effects, std::int64_t record) {
  const WallTime now = parts_.clock.stream_now();
  for (engine::Effect& effect : effects) {
    if (options_.observer) {
      options_.observer(effect, now);
    }
    std::visit([this](auto& each) { carry_out(each); }, effect);
    hold(effect, record);
  }
}

// What must not leave before its record is kept.
void Conductor::hold(engine::Effect& effect, std::int64_t record) {
  if (auto* snapshot = std::get_if<engine::PublishSnapshot>(&effect)) {
    departures_.hold(std::move(*snapshot), record);
    return;
  }
  if (errors_record_ != record) {
    errors_record_ = record;
    errors_ = 0;
  }
  auto letter = journal::letter_of(effect, options_.rules.stream, record, errors_);
  if (!letter) {
    return;
  }
  if (!scribe_ && letter->to == journal::Letter::To::errors) {
    letter->msg_id = next_report_id();  // there is no record to make an id of
  }
  departures_.hold(std::move(*letter));
}

void Conductor::arm_tick() {
  if (catch_up_.value > 0) {
    return;
  }
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
  if (paused_ && phase_ == Phase::going && engine_->wants_events() && !pressed()) {
    paused_ = false;
    on_wants_events_();
  }
}

}  // namespace lc::supervisor
