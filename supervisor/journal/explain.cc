#include "supervisor/journal/explain.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/check.h"
#include "supervisor/engine/history.h"
#include "supervisor/engine/readiness.h"
#include "supervisor/engine/slice_clock.h"

namespace lc::journal {
namespace {

using engine::Checkpoint;
using engine::CrewCheckpoint;
using engine::CrewSpec;
using engine::Engine;
using engine::EngineOptions;
using engine::EventArrived;
using engine::SliceClock;

// Kinds that begin so are no producer's and wake nobody.
constexpr const char* kMarkKind = "__mark";

SliceClock clock_of(const EngineOptions& options) {
  return {.epoch0 = options.epoch0,
          .slice = millis(options.slice_ms),
          .skew = options.skew,
          .lateness = millis(options.lateness_ms)};
}

// The backlog as the beat finds it: crews that are not woken by events get theirs only then.
engine::BacklogContents backlog_at_beat(const EngineOptions& options, const CrewSpec& spec,
                                        const Checkpoint& state, const CrewCheckpoint& crew) {
  engine::Backlog backlog({spec.backlog_policy, options.backlog_max_batches}, crew.backlog);
  const auto bin = state.bins.find(state.snapshot.slice);
  if (spec.dispatch == proto::DispatchMode::event || !crew.enabled || bin == state.bins.end()) {
    return backlog.contents();
  }
  std::vector<engine::BinnedEvent> events = bin->second;
  std::ranges::stable_sort(events, {},
                           [](const engine::BinnedEvent& binned) { return binned.event.seq; });
  const auto activity = crew.in_flight ? engine::Activity::busy : engine::Activity::idle;
  for (engine::BinnedEvent& binned : events) {
    if (std::ranges::find(spec.triggers, binned.kind) != spec.triggers.end()) {
      backlog.add(state.snapshot.slice, std::move(binned.event), activity);
    }
  }
  return backlog.contents();
}

NeedStanding standing_of(const proto::Need& need, SliceIndex trigger, SliceIndex at,
                         const Checkpoint& state, const engine::World& world) {
  NeedStanding standing{.label = proto::need_label(need),
                        .from = {trigger.value + need.offset},
                        .to = {at.value + need.offset}};
  const auto first = world.history.first_from(need, standing.from);
  if (first && *first <= standing.to) {
    standing.holds = true;
    standing.first = first;
    standing.last = world.history.last_until(need, standing.to);
  }
  if (need.type == proto::NeedType::crew && world.disabled.contains(CrewId{need.name})) {
    standing.disabled = state.crews.at(CrewId{need.name}).disabled_why;
  }
  return standing;
}

Verdict verdict_of(const Explanation& found, engine::Verdict judged, bool enabled) {
  if (!enabled) {
    return Verdict::disabled;
  }
  if (!found.trigger) {
    return Verdict::no_batch;
  }
  if (found.busy_slice) {
    return Verdict::busy;
  }
  if (!engine::on_stride(found.slice, found.stride)) {
    return Verdict::stride;
  }
  switch (judged) {
    case engine::Verdict::ready:
      return Verdict::ready;
    case engine::Verdict::wait:
      return Verdict::waits;
    case engine::Verdict::drop:
      return Verdict::dropped;
  }
  return Verdict::waits;
}

Engine copy_of(const EngineOptions& options, Checkpoint state) {
  EngineOptions resumed = options;
  resumed.resume = std::move(state);
  return Engine(std::move(resumed));
}

std::optional<Checkpoint> at_wall_beat(const EngineOptions& options, const Engine& engine,
                                       const engine::Input& input, SliceIndex slice) {
  const auto* tick = std::get_if<engine::Tick>(&input);
  const SliceClock clock = clock_of(options);
  if (tick == nullptr || engine.open_slice() > slice || clock.last_due(tick->now) < slice) {
    return std::nullopt;
  }
  Engine copy = copy_of(options, engine.checkpoint());
  if (copy.open_slice() < slice) {
    copy.step(engine::Tick{clock.due(engine::before(slice))});
  }
  return copy.checkpoint();
}

// A copy is told what came for slices up to this one, and of an event that nobody waits for at its
// start: so it opens the slice, and has no reason to close it.
std::optional<Checkpoint> at_event_beat(const EngineOptions& options, const Engine& engine,
                                        const engine::Input& input, SliceIndex slice) {
  Checkpoint state = engine.checkpoint();
  if (state.finished || state.snapshot.slice > slice) {
    return std::nullopt;
  }
  const SliceClock clock = clock_of(options);
  const auto is_later = [&clock, slice](const EventArrived& event) {
    return clock.index(event.ts) > slice;
  };
  const auto later = std::ranges::find_if(state.queue, is_later);
  const bool has_later = later != state.queue.end();
  state.queue.erase(later, state.queue.end());
  state.input_ended = false;
  Engine copy = copy_of(options, std::move(state));
  const auto* event = std::get_if<EventArrived>(&input);
  const bool is_behind = event != nullptr && (has_later || is_later(*event));
  if (!is_behind && !std::holds_alternative<engine::InputEnded>(input)) {
    copy.step(input);
  }
  if (copy.open_slice() < slice) {
    const StreamSeq seq{std::max(copy.given_seq().value, engine.given_seq().value) + 1};
    copy.step(EventArrived{{}, seq, clock.start(slice), {kMarkKind}, "{}"});
  }
  Checkpoint reached = copy.checkpoint();
  return reached.snapshot.slice == slice ? std::optional(std::move(reached)) : std::nullopt;
}

}  // namespace

Explanation explain(const EngineOptions& options, const Checkpoint& state, const CrewId& id) {
  const auto spec = std::ranges::find(options.crews, id, &CrewSpec::crew);
  LC_ASSERT(spec != options.crews.end());
  const CrewCheckpoint& crew = state.crews.at(id);
  engine::History history;
  std::set<CrewId> disabled;
  for (const CrewSpec& each : options.crews) {
    for (const proto::Need& need : each.needs) {
      history.await(need);
    }
    if (!state.crews.at(each.crew).enabled) {
      disabled.insert(each.crew);
    }
  }
  history.restore(state.history);
  const engine::World world{history, disabled, options.slice_ms};

  const engine::BacklogContents backlog = backlog_at_beat(options, *spec, state, crew);
  Explanation found{.crew = id,
                    .slice = state.snapshot.slice,
                    .disabled_why = crew.disabled_why,
                    .batches = static_cast<std::int64_t>(backlog.batches.size()),
                    .stride = spec->slice_stride,
                    .wait_policy = spec->wait_policy};
  for (const engine::Batch& batch : backlog.batches) {
    found.trigger = found.trigger.value_or(batch.slice);
    found.events.insert(found.events.end(), batch.events.begin(), batch.events.end());
  }
  if (crew.in_flight) {
    found.busy_slice = crew.in_flight->ready.slice;
  }
  const SliceIndex trigger = found.trigger.value_or(found.slice);
  if (spec->wait_policy == proto::WaitPolicy::timeout) {
    found.timeout_at = SliceIndex{trigger.value + (spec->wait_timeout_ms + options.slice_ms - 1) /
                                                      options.slice_ms};
  }
  for (const proto::Need& need : spec->needs) {
    found.needs.push_back(standing_of(need, trigger, found.slice, state, world));
  }
  engine::Judgement judged = engine::judge(*spec, trigger, found.slice, world);
  found.verdict = verdict_of(found, judged.verdict, crew.enabled);
  found.missing = std::move(judged.unmet);
  found.hopeless = std::move(judged.hopeless);
  return found;
}

std::optional<Checkpoint> state_at_beat(const EngineOptions& options, const Engine& engine,
                                        const engine::Input& input, SliceIndex slice) {
  return options.clock == proto::ClockMode::wall ? at_wall_beat(options, engine, input, slice)
                                                 : at_event_beat(options, engine, input, slice);
}

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::no_batch:
      return "no_batch";
    case Verdict::disabled:
      return "disabled";
    case Verdict::busy:
      return "busy";
    case Verdict::stride:
      return "stride";
    case Verdict::waits:
      return "waits";
    case Verdict::ready:
      return "ready";
    case Verdict::dropped:
      return "dropped";
  }
  return {};
}

}  // namespace lc::journal
