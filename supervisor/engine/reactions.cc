#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "common/check.h"
#include "common/json.h"
#include "common/text.h"
#include "proto/error_reasons.h"
#include "proto/outcome.h"
#include "proto/subjects.h"
#include "supervisor/engine/engine_state.h"

namespace lc::engine {
namespace {

std::string counts_detail(std::int64_t batches, std::int64_t events) {
  return fmt::format(R"({{"batches":{},"events":{}}})", batches, events);
}

std::string dependency_detail(const std::vector<CrewId>& hopeless, const Taken& taken) {
  std::string detail;
  JsonWriter json(detail);
  json.begin_object().key("disabled").begin_array();
  for (const CrewId& crew : hopeless) {
    json.string(crew.value);
  }
  json.end_array().key("batches").number(batches_of(taken));
  json.key("events").number(events_of(taken));
  json.key("seqs").begin_array();
  for (const proto::BatchEvent& event : taken.events) {
    json.number(event.seq.value);
  }
  json.end_array().end_object();
  return detail;
}

std::string disabled_detail(const std::string& why, std::int64_t strikes, const Taken& dropped) {
  std::string detail;
  JsonWriter(detail)
      .begin_object()
      .key("why")
      .string(why)
      .key("strikes")
      .number(strikes)
      .key("batches")
      .number(batches_of(dropped))
      .key("events")
      .number(events_of(dropped))
      .end_object();
  return detail;
}

struct Strike {
  std::int64_t number;
  std::int64_t max;
};

template <class Failure>
std::string failure_detail(const Failure& failure, std::size_t events, Strike strike) {
  std::string detail;
  JsonWriter json(detail);
  json.begin_object().key("outcome").string(proto::to_string(failure.outcome));
  json.key("detail").string(failure.detail);
  json.key("events").number(static_cast<std::int64_t>(events));
  json.key("strikes").number(strike.number).key("max_errors").number(strike.max);
  if (!failure.excuse.empty()) {
    json.key("excuse").string(failure.excuse);
  }
  json.end_object();
  return detail;
}

std::string lost_detail(const ReactionLost& lost) {
  std::string detail;
  JsonWriter json(detail);
  json.begin_object().key("why").string(valid_utf8(lost.why));
  json.key("attempt").number(lost.attempt.value).end_object();
  return detail;
}

}  // namespace

proto::ErrorReport published(const ReportError& effect) {
  proto::ErrorReport report = effect.report;
  if (!effect.worker.empty()) {
    report.detail.pop_back();
    report.detail += (report.detail == "{" ? "" : ",") + ("\"worker\":" + effect.worker) + "}";
  }
  return report;
}

void Engine::State::report(Report what) {
  effects.emplace_back(ReportError{.report =
                                       {
                                           .ts = is_event_clock() ? event_time : now,
                                           .stream = options.stream,
                                           .reason = std::string(what.reason),
                                           .message = std::move(what.message),
                                           .crew = std::move(what.crew),
                                           .slice = what.slice,
                                           .detail = std::move(what.detail),
                                       },
                                   .worker = std::move(what.worker)});
}

void Engine::State::give(Crew& crew, const BinnedEvent& binned) {
  if (!crew.enabled) {
    return;
  }
  const Activity activity = crew.in_flight ? Activity::busy : Activity::idle;
  const auto pushed_out = crew.backlog.add(open, binned.event, activity);
  crew.last_event_ts = binned.ts;
  waiting.insert(crew.spec.crew);
  if (pushed_out) {
    report({.reason = proto::kReasonBacklogOverflow,
            .message = "too many batches wait for the crew: the oldest was dropped",
            .crew = crew.spec.crew,
            .slice = pushed_out->slice,
            .detail = counts_detail(1, static_cast<std::int64_t>(pushed_out->events.size()))});
  }
}

// Where a crew that is not at its beat is judged: the last closed slice, or for crews that events
// wake the open one.
SliceIndex Engine::State::judging_slice(const Crew& crew) const {
  return crew.spec.dispatch == proto::DispatchMode::event ? open : before(open);
}

void Engine::State::evaluate_waiting() {
  for (const CrewId& id : std::vector<CrewId>(waiting.begin(), waiting.end())) {
    Crew& crew = crews.at(id);
    evaluate(crew, judging_slice(crew));
  }
}

Engine::State::Decision Engine::State::evaluate(Crew& crew, SliceIndex at) {
  if (crew.backlog.empty() || crew.in_flight || !on_stride(at, crew.spec.slice_stride)) {
    return Decision::waits;
  }
  LC_ASSERT(crew.enabled);  // disabling empties the backlog, and nothing fills it
  Judgement judged = judge(crew.spec, crew.backlog.trigger(), at, world());
  if (judged.verdict == Verdict::ready) {
    dispatch(crew, at, std::move(judged.unmet));
    return Decision::dispatched;
  }
  if (judged.verdict == Verdict::drop) {
    const Taken taken = crew.backlog.take();
    waiting.erase(crew.spec.crew);
    report({.reason = proto::kReasonDependencyDisabled,
            .message = "the crew waited for a crew that is disabled: its batch was dropped",
            .crew = crew.spec.crew,
            .slice = taken.trigger,
            .detail = dependency_detail(judged.hopeless, taken)});
  }
  return Decision::waits;
}

void Engine::State::dispatch(Crew& crew, SliceIndex at, std::vector<std::string> missing) {
  const SliceIndex trigger = crew.backlog.trigger();
  Taken taken = crew.backlog.take();
  waiting.erase(crew.spec.crew);
  if (taken.batches_collapsed > 0) {
    report({.reason = proto::kReasonBacklogCollapsed,
            .message = "older batches gave way to the newest while the crew was busy",
            .crew = crew.spec.crew,
            .slice = at,
            .detail = counts_detail(taken.batches_collapsed, taken.events_collapsed)});
  }
  if (crew.attempts == 0 || crew.last_slice != at) {
    crew.last_slice = at;
    crew.attempts = 0;
    crew.actions_sent = 0;
  }
  ++crew.attempts;
  ++lamport.value;
  const bool eager = crew.spec.dispatch == proto::DispatchMode::event;
  crew.in_flight = Reaction{
      .ready = {.stream = options.stream,
                .slice = at,
                .crew = crew.spec.crew,
                .attempt = {crew.attempts},
                .nonce = {},
                .epoch0 = options.epoch0,
                .slice_ms = options.slice_ms,
                .deadline_ms = crew.spec.timeout_ms,
                .lamport = lamport,
                .ctx_rev = snapshot.revision,
                .ctx = snapshot.context,
                .events = std::move(taken.events),
                .needs = need_results(crew.spec, trigger, at, world()),
                .missing = std::move(missing)},
      .actions_ts = eager ? crew.last_event_ts : clock.start(next(at)),
  };
  ++unanswered;
  effects.emplace_back(Dispatch{crew.in_flight->ready});
}

// The same order with a new number: its Lamport clock stays, so that what it writes has the place
// that it would have had.
void Engine::State::dispatch_anew(Crew& crew) {
  proto::Ready& ready = crew.in_flight->ready;
  if (!crew.enabled) {
    --unanswered;
    apply(ReactionFailed{.now = now,
                         .crew = crew.spec.crew,
                         .slice = ready.slice,
                         .attempt = ready.attempt,
                         .outcome = proto::Outcome::admin,
                         .detail = "the crew was disabled: " + crew.disabled_why});
    return;
  }
  ready.attempt = {++crew.attempts};
  ready.deadline_ms = crew.spec.timeout_ms;
  effects.emplace_back(Dispatch{ready});
}

bool Engine::State::matches(const CrewId& crew, SliceIndex slice, Attempt attempt) {
  const Crew* known = find_crew(crew);
  return known != nullptr && known->in_flight && !known->in_flight->answered &&
         known->in_flight->ready.slice == slice && known->in_flight->ready.attempt == attempt;
}

void Engine::State::apply(const ReactionDone& done) {
  Crew& crew = crews.at(done.crew);
  const Reaction reaction = *std::exchange(crew.in_flight, std::nullopt);
  crew.strikes = 0;
  const Lamport answered{std::min(done.lamport.value, lamport.value + kLamportStepMax)};
  lamport.value = std::max(lamport.value, answered.value) + 1;
  if (!done.diff.empty()) {
    diffs.push_back({reaction.ready.slice, answered, done.crew, done.diff});
  }
  history.completed(done.crew, reaction.ready.slice, done.actions);
  effects.emplace_back(
      ReactionEnded{done.crew, reaction.ready.slice, reaction.ready.attempt, proto::Outcome::ok});
  for (const proto::ActionDraft& draft : done.actions) {
    effects.emplace_back(PublishAction{
        .msg_id = proto::action_msg_id(options.stream, reaction.ready.slice, done.crew,
                                       crew.actions_sent++),
        .crew = done.crew,
        .slice = reaction.ready.slice,
        .action = {.ts = is_event_clock() ? reaction.actions_ts : now,
                   .kind = draft.kind,
                   .stream = options.stream,
                   .payload = draft.payload,
                   .ttl_ms = draft.ttl_ms},
    });
  }
}

void Engine::State::apply(const ReactionFailed& failed) {
  Crew& crew = crews.at(failed.crew);
  const Reaction reaction = *std::exchange(crew.in_flight, std::nullopt);
  count_strike(crew, failed.outcome, failed.excuse);
  effects.emplace_back(
      ReactionEnded{failed.crew, reaction.ready.slice, reaction.ready.attempt, failed.outcome});
  report({.reason = proto::kReasonReactionFailed,
          .message = "a reaction failed; its events are not given again",
          .crew = failed.crew,
          .slice = reaction.ready.slice,
          .detail = failure_detail(failed, reaction.ready.events.size(),
                                   {crew.strikes, crew.spec.max_errors}),
          .worker = failed.worker});
  disable_after_strikes(crew);
}

void Engine::State::apply(const ReactionLost& lost) {
  report({.reason = proto::kReasonReactionLost,
          .message = "nobody works on a reaction any more: it is dispatched anew",
          .crew = lost.crew,
          .slice = lost.slice,
          .detail = lost_detail(lost)});
  dispatch_anew(crews.at(lost.crew));
}

void Engine::State::apply(const IdleFailure& failure) {
  Crew& crew = crews.at(failure.crew);
  count_strike(crew, failure.outcome, failure.excuse);
  const bool starting = failure.phase == WorkerPhase::starting;
  if (!failure.is_reported) {
    report({.reason = starting ? proto::kReasonWorkerInitFailed : proto::kReasonWorkerFailed,
            .message =
                starting ? "a worker could not start" : "a worker died while it had nothing to do",
            .crew = failure.crew,
            .slice = open,
            .detail = failure_detail(failure, 0, {crew.strikes, crew.spec.max_errors}),
            .worker = failure.worker});
  }
  disable_after_strikes(crew);
}

// A disabled crew has no strikes to collect.
void Engine::State::count_strike(Crew& crew, proto::Outcome outcome, const std::string& excuse) {
  if (crew.enabled && excuse.empty() && proto::is_strike(outcome)) {
    ++crew.strikes;
    effects.emplace_back(CrewStruck{crew.spec.crew, crew.strikes});
  }
}

void Engine::State::disable_after_strikes(Crew& crew) {
  if (crew.enabled && crew.strikes >= crew.spec.max_errors) {
    disable(crew,
            fmt::format("{} consecutive failure{}", crew.strikes, crew.strikes == 1 ? "" : "s"),
            DisabledBy::strikes);
  }
}

void Engine::State::disable(Crew& crew, const std::string& why, DisabledBy by) {
  crew.enabled = false;
  crew.disabled_why = why;
  crew.disabled_by = by;
  disabled.insert(crew.spec.crew);
  waiting.erase(crew.spec.crew);
  const Taken taken = crew.backlog.take();
  effects.emplace_back(CrewDisabled{crew.spec.crew, why, by});
  report({.reason = proto::kReasonDisabled,
          .message = "the crew takes no more work until it is enabled",
          .crew = crew.spec.crew,
          .slice = open,
          .detail = disabled_detail(why, crew.strikes, taken)});
}

}  // namespace lc::engine
