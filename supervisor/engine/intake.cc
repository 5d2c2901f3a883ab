// Events into slices, and when slices close. With the wall clock a slice closes when it is due;
// with the event clock when a later event is known, the input ended, or nothing else is left to do,
// and never while a reaction is in flight: events queue, and the answers of a phase are applied
// together, in crew order, so that the result does not depend on how fast anybody is.

#include <algorithm>
#include <utility>

#include "common/check.h"
#include "common/json.h"
#include "proto/error_reasons.h"
#include "supervisor/engine/engine_state.h"

namespace lc::engine {
namespace {

std::string event_detail(const EventArrived& event, SliceIndex orig_slice) {
  std::string detail;
  JsonWriter(detail)
      .begin_object()
      .key("seq")
      .number(event.seq.value)
      .key("kind")
      .string(event.kind.value)
      .key("orig_slice")
      .number(orig_slice.value)
      .end_object();
  return detail;
}

std::string dead_letter_detail(const EventArrived& event, SliceIndex orig_slice) {
  std::string detail = event_detail(event, orig_slice);
  detail.pop_back();
  return detail + ",\"event\":" + event.text + "}";
}

std::string ahead_detail(const EventArrived& event, Micros ahead, std::int64_t tolerance_s) {
  std::string detail;
  JsonWriter(detail)
      .begin_object()
      .key("seq")
      .number(event.seq.value)
      .key("kind")
      .string(event.kind.value)
      .key("ts")
      .string(format_rfc3339(event.ts))
      .key("ahead_ms")
      .number(ahead.us / 1000)
      .key("future_tolerance_seconds")
      .number(tolerance_s)
      .end_object();
  return detail;
}

}  // namespace

// Puts an event into its slice, or the open one when it is late, or refuses it.
void Engine::State::admit(EventArrived event) {
  const SliceIndex slice = clock.index(event.ts);
  const bool late = slice < open || event.ts < options.epoch0;
  seen_seq = event.seq;
  if (late && options.late_policy != proto::LatePolicy::next) {
    const bool dead_letter = options.late_policy == proto::LatePolicy::dead_letter;
    report({.reason = dead_letter ? proto::kReasonEventDeadLetter : proto::kReasonEventLateDropped,
            .message = "an event came after its slice was closed",
            .slice = open,
            .detail = dead_letter ? dead_letter_detail(event, slice) : event_detail(event, slice)});
    return;
  }
  const Micros ahead = event.ts - (now - options.skew);
  if (!is_event_clock() && ahead > seconds(options.future_tolerance_seconds)) {
    report({.reason = proto::kReasonEventTooFarAhead,
            .message = "an event lies too far in the future",
            .slice = open,
            .detail = ahead_detail(event, ahead, options.future_tolerance_seconds)});
    return;
  }
  const SliceIndex target = late ? open : slice;
  const auto orig_slice = late ? std::optional(slice) : std::nullopt;
  effects.emplace_back(EventBinned{event.seq, target, orig_slice});
  std::vector<BinnedEvent>& bin = bins[target];
  bin.push_back({{event.seq, target, orig_slice, std::move(event.text)}, event.kind, event.ts});
  if (target != open) {
    return;
  }
  bin_into_open(bin.back());
  for (const auto* index : {&wakes_on_arrival, &needs_on_arrival}) {
    if (const auto woken = index->find(event.kind); woken != index->end()) {
      for (Crew* crew : woken->second) {
        evaluate(*crew, open);
      }
    }
  }
}

void Engine::State::bin_into_open(const BinnedEvent& binned) {
  history.binned(binned.kind, open);
  if (const auto woken = wakes_on_arrival.find(binned.kind); woken != wakes_on_arrival.end()) {
    for (Crew* crew : woken->second) {
      give(*crew, binned);
    }
  }
}

// Makes `slice` the open one: its early events are now binned, and crews that are woken by events
// and waited for its window may run.
void Engine::State::open_next(SliceIndex slice) {
  LC_ASSERT(open < slice);
  open = slice;
  snapshot.slice = slice;
  event_time = clock.start(slice);
  if (const auto bin = bins.find(open); bin != bins.end()) {
    for (const BinnedEvent& binned : bin->second) {
      bin_into_open(binned);
    }
  }
  for (const CrewId& id : std::vector<CrewId>(waiting.begin(), waiting.end())) {
    Crew& crew = crews.at(id);
    if (crew.spec.dispatch == proto::DispatchMode::event) {
      evaluate(crew, open);
    }
  }
}

void Engine::State::close_due_slices(WallTime at) {
  const SliceIndex last = clock.last_due(at);
  const bool skips_empty = last.value - open.value >= kBeatsAtOnceMax;
  while (open <= last) {
    if (skips_empty) {
      const SliceIndex target = std::min(next_work().value_or(last), last);
      if (open < target) {
        open_next(target);
        continue;
      }
    }
    beat();
  }
}

// The first slice, from the open one, that has something to do at its beat; nothing when no slice
// ever has, unless more happens.
std::optional<SliceIndex> Engine::State::next_work() const {
  if (!diffs.empty()) {
    return open;
  }
  std::optional<SliceIndex> first;
  if (!bins.empty()) {
    first = bins.begin()->first;
  }
  for (const CrewId& id : waiting) {
    const Crew& crew = crews.at(id);
    if (crew.in_flight) {
      continue;
    }
    const auto when = next_decision(crew.spec, crew.backlog.trigger(), open, world());
    if (when && (!first || *when < *first)) {
      first = when;
    }
  }
  return first;
}

// Event clock: does all that can be done now.
void Engine::State::pump() {
  while (unanswered == 0) {
    if (!answers.empty()) {
      apply_answers();
      continue;
    }
    if (finished) {
      return;
    }
    if (!queue.empty() && clock.index(queue.front().ts) <= open) {
      EventArrived event = std::move(queue.front());
      queue.pop_front();
      admit(std::move(event));
      continue;
    }
    if (queue.empty() && !input_ended) {
      return;
    }
    std::optional<SliceIndex> target = next_work();
    if (!queue.empty()) {
      const SliceIndex arrival = clock.index(queue.front().ts);
      target = std::min(target.value_or(arrival), arrival);
    }
    if (!target) {
      finish();
    } else if (open < *target) {
      open_next(*target);
    } else {
      beat();
    }
  }
}

void Engine::State::apply_answers() {
  if (answers.empty()) {
    return;
  }
  std::vector<Answer> phase = std::exchange(answers, {});
  const auto crew_of = [](const Answer& answer) -> const CrewId& {
    return std::visit([](const auto& a) -> const CrewId& { return a.crew; }, answer);
  };
  std::ranges::stable_sort(phase, {}, crew_of);
  for (const Answer& answer : phase) {
    std::visit([this](const auto& a) { apply(a); }, answer);
  }
  evaluate_waiting();
}

void Engine::State::finish() {
  for (const CrewId& id : std::vector<CrewId>(waiting.begin(), waiting.end())) {
    Crew& crew = crews.at(id);
    std::string detail;
    JsonWriter json(detail);
    json.begin_object().key("unmet").begin_array();
    for (const std::string& label : why_waiting(crew, before(open))) {
      json.string(label);
    }
    const Taken taken = crew.backlog.take();
    json.end_array().key("batches").number(batches_of(taken));
    json.key("events").number(events_of(taken)).end_object();
    waiting.erase(id);
    report({.reason = proto::kReasonNeedsUnmetAtEnd,
            .message = "the input ended before what the crew waited for happened",
            .crew = id,
            .slice = taken.trigger,
            .detail = detail});
  }
  finished = true;
  effects.emplace_back(Finished{});
}

// The last event before which none waits for its slice: what to go on after.
StreamSeq Engine::State::settled_seq() const {
  StreamSeq settled = seen_seq;
  for (const auto& [slice, bin] : bins) {
    for (const BinnedEvent& binned : bin) {
      settled = std::min(settled, StreamSeq{binned.event.seq.value - 1});
    }
  }
  return settled;
}

}  // namespace lc::engine
