#include "tests/sim/auditor.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "common/json.h"
#include "proto/context.h"
#include "proto/outcome.h"

namespace lc::sim {
namespace {

std::int64_t fact(const std::string& detail, std::string_view name) {
  const auto json = parse_json(detail);
  const JsonObject* object = json ? as_object(*json) : nullptr;
  const Json* value = object == nullptr ? nullptr : find(*object, name);
  return value == nullptr ? -1 : as_int(*value).value_or(-1);
}

std::set<std::int64_t> facts(const std::string& detail, std::string_view name) {
  const auto json = parse_json(detail);
  const JsonObject* object = json ? as_object(*json) : nullptr;
  const Json* list = object == nullptr ? nullptr : find(*object, name);
  const JsonArray* items = list == nullptr ? nullptr : as_array(*list);
  std::set<std::int64_t> out;
  for (const Json& item : items == nullptr ? JsonArray{} : *items) {
    out.insert(as_int(item).value_or(-1));
  }
  return out;
}

}  // namespace

Auditor::Auditor(engine::EngineOptions options) : options_(std::move(options)) {
  for (const engine::CrewSpec& spec : options_.crews) {
    crews_[spec.crew].spec = spec;
  }
  if (options_.resume) {
    open_ = options_.resume->snapshot.slice;
    revision_ = options_.resume->snapshot.revision;
  }
}

void Auditor::expect(bool condition, const std::string& promise) {
  if (!condition) {
    violations_.push_back(promise);
  }
}

void Auditor::observe(const engine::Input& input, const engine::Effects& effects) {
  if (const auto* arrived = std::get_if<engine::EventArrived>(&input)) {
    kinds_[arrived->seq] = arrived->kind;
    unsettled_.insert(arrived->seq);
  }
  if (const auto* idle = std::get_if<engine::IdleFailure>(&input)) {
    Crew& crew = crews_.at(idle->crew);
    crew.strikes += crew.enabled && idle->excuse.empty() && proto::is_strike(idle->outcome) ? 1 : 0;
  }
  if (const auto* lost = std::get_if<engine::ReactionLost>(&input)) {
    Crew& crew = crews_.at(lost->crew);
    crew.is_lost = crew.enabled && crew.in_flight == std::pair(lost->slice, lost->attempt);
  }
  if (const auto* enable = std::get_if<engine::EnableCrew>(&input)) {
    crews_.at(enable->crew).strikes = 0;
  }
  for (const engine::Effect& effect : effects) {
    std::visit([this](const auto& concrete) { see(concrete); }, effect);
  }
  if (const auto* lost = std::get_if<engine::ReactionLost>(&input)) {
    expect(!crews_.at(lost->crew).is_lost,
           lost->crew.value + "'s lost reaction is dispatched anew");
  }
}

void Auditor::compare(const engine::Engine& engine) {
  std::int64_t in_flight = 0;
  for (const engine::Engine::CrewState& state : engine.crews()) {
    const Crew& crew = crews_.at(state.crew);
    std::set<SliceIndex> slices;
    for (const Owed& owed : crew.pending) {
      slices.insert(owed.slice);
    }
    in_flight += crew.in_flight ? 1 : 0;
    expect(state.batches_pending == static_cast<std::int64_t>(slices.size()),
           fmt::format("{} has {} batches pending, not {}", state.crew.value, state.batches_pending,
                       slices.size()));
    expect(state.enabled == crew.enabled, state.crew.value + " says whether it is enabled");
    if (options_.clock == proto::ClockMode::wall) {
      expect(
          state.strikes == crew.strikes,
          fmt::format("{} has {} strikes, not {}", state.crew.value, state.strikes, crew.strikes));
    }
    expect(!crew.enabled || crew.strikes < crew.spec.max_errors,
           state.crew.value + " is disabled after max_errors strikes");
  }
  expect(engine.reactions_in_flight() == in_flight, "the reactions in flight are counted");
}

void Auditor::expect_all_settled() {
  expect(unsettled_.empty(),
         fmt::format("{} events are neither in a slice nor refused", unsettled_.size()));
}

void Auditor::settle(StreamSeq seq) {
  expect(unsettled_.erase(seq) == 1, fmt::format("event {} is settled once", seq.value));
}

void Auditor::owe(Crew& crew, SliceIndex slice, StreamSeq seq) {
  if (!crew.enabled) {
    return;
  }
  if (crew.spec.backlog_policy == proto::BacklogPolicy::latest && crew.in_flight) {
    crew.collapsed += static_cast<std::int64_t>(
        std::erase_if(crew.pending, [slice](const Owed& owed) { return owed.slice != slice; }));
  }
  expect(crew.pending.insert({slice, seq}).second, "an event is owed to a crew once");
}

// The crews of one mode are owed what their slice binned: at its beat, or when it opens.
void Auditor::owe_slice(SliceIndex slice, proto::DispatchMode mode) {
  for (const StreamSeq seq : bins_[slice]) {
    for (auto& [id, crew] : crews_) {
      if (crew.spec.dispatch == mode &&
          std::ranges::count(crew.spec.triggers, kinds_.at(seq)) > 0) {
        owe(crew, slice, seq);
      }
    }
  }
}

void Auditor::open_up_to(SliceIndex slice) {
  // Jumps tell nothing: they pass over slices in which nothing was binned.
  auto bin = bins_.upper_bound(open_);
  while (bin != bins_.end() && bin->first <= slice) {
    open_ = bin->first;
    owe_slice(open_, proto::DispatchMode::event);
    bin = bins_.upper_bound(open_);
  }
  open_ = std::max(open_, slice);
}

void Auditor::see(const engine::EventBinned& effect) {
  settle(effect.seq);
  if (options_.clock == proto::ClockMode::event) {
    open_up_to(effect.slice);
  }
  expect(effect.slice >= open_, "no event goes into a closed slice");
  expect(!effect.orig_slice || effect.slice == open_, "a late event joins the open slice");
  bins_[effect.slice].insert(effect.seq);
  const Kind& kind = kinds_.at(effect.seq);
  binned_[kind.value].insert(effect.slice.value);
  if (effect.slice != open_) {
    return;
  }
  for (auto& [id, crew] : crews_) {
    if (crew.spec.dispatch == proto::DispatchMode::event &&
        std::ranges::count(crew.spec.triggers, kind) > 0) {
      owe(crew, effect.slice, effect.seq);
    }
  }
}

void Auditor::check_events(Crew& crew, const proto::Ready& ready) {
  std::set<Owed> events;
  Owed last{{std::numeric_limits<std::int64_t>::min()}, {}};
  for (const proto::BatchEvent& event : ready.events) {
    const Owed owed{event.slice, event.seq};
    expect(last < owed, "a batch is in slice order, then stream order");
    last = owed;
    events.insert(owed);
    expect(crew.given.insert(event.seq).second,
           fmt::format("event {} is given to {} once", event.seq.value, ready.crew.value));
  }
  expect(events == crew.pending, ready.crew.value + " is given all that is pending, nothing else");
  crew.pending.clear();
  expect(crew.collapsed == 0, ready.crew.value + "'s collapsed events are reported first");
}

void Auditor::see(const engine::Dispatch& effect) {
  ++dispatches_;
  const proto::Ready& ready = effect.ready;
  Crew& crew = crews_.at(ready.crew);
  if (crew.is_lost) {
    see_anew(crew, ready);
    return;
  }
  open_up_to(std::max(open_, ready.slice));
  expect(crew.enabled, ready.crew.value + " is enabled when it is dispatched");
  expect(!crew.in_flight, ready.crew.value + " has one reaction in flight");
  expect(ready.slice.value % crew.spec.slice_stride == 0, ready.crew.value + " keeps its stride");
  expect(!ready.events.empty(), ready.crew.value + " is never woken for nothing");
  expect(ready.attempt.value == ++crew.attempts[ready.slice], "attempts count from 1 in a slice");
  expect(ready.ctx_rev == revision_, "the context is the latest committed one");
  if (!crew.pending.empty()) {
    check_needs(crew, ready, crew.pending.begin()->slice);
  }
  check_events(crew, ready);
  crew.in_flight = {ready.slice, ready.attempt};
}

void Auditor::see_anew(Crew& crew, const proto::Ready& ready) {
  crew.is_lost = false;
  expect(crew.in_flight->first == ready.slice, ready.crew.value + " is given the same slice anew");
  expect(ready.attempt.value == ++crew.attempts[ready.slice], "attempts count on when one is lost");
  crew.in_flight = {ready.slice, ready.attempt};
}

void Auditor::see(const engine::ReactionEnded& effect) {
  Crew& crew = crews_.at(effect.crew);
  expect(crew.in_flight == std::pair(effect.slice, effect.attempt),
         effect.crew.value + " ends the reaction that is in flight");
  crew.in_flight.reset();
  if (effect.outcome == proto::Outcome::ok) {
    crew.strikes = 0;
    crew.completed.insert(effect.slice.value);
  } else if (crew.enabled && proto::is_strike(effect.outcome)) {
    ++crew.strikes;
  }
}

void Auditor::see(const engine::PublishAction& effect) {
  expect(action_ids_.insert(effect.msg_id).second, "action id " + effect.msg_id + " is unique");
}

void Auditor::see(const engine::PublishSnapshot& effect) {
  const SliceIndex closing{effect.snapshot.slice.value - 1};
  open_up_to(closing);
  expect(closing == open_, "slices close in order");
  const auto bytes =
      static_cast<std::int64_t>(proto::write_context(effect.snapshot.context).size());
  expect(bytes <= options_.ctx_max_bytes,
         fmt::format("a context of {} bytes exceeds {}", bytes, options_.ctx_max_bytes));
  revision_.value += effect.change == engine::SnapshotChange::changed ? 1 : 0;
  expect(effect.snapshot.revision == revision_, "the revision counts the changes");
  owe_slice(closing, proto::DispatchMode::slice);
}

void Auditor::check_waiting(const engine::SliceClosed& closed) {
  std::set<CrewId> named;
  for (const engine::CrewWaiting& waiting : closed.waiting) {
    named.insert(waiting.crew);
    const Crew& crew = crews_.at(waiting.crew);
    if (crew.pending.empty() || crew.in_flight ||
        closed.slice.value % crew.spec.slice_stride != 0) {
      continue;
    }
    const SliceIndex trigger = crew.pending.begin()->slice;
    expect(
        !may_run(crew, standing(crew, trigger, closed.slice), trigger, closed.slice),
        fmt::format("{} waits at {} although it may run", waiting.crew.value, closed.slice.value));
  }
  for (const auto& [id, crew] : crews_) {
    expect(named.contains(id) == !crew.pending.empty(), id.value + " waits if it has a batch");
  }
}

void Auditor::see(const engine::SliceClosed& effect) {
  ++slices_closed_;
  expect(!last_closed_ || *last_closed_ < effect.slice, "a slice closes once");
  expect(effect.slice == open_, "the slice that closes is the open one");
  expect(effect.events == static_cast<std::int64_t>(bins_[effect.slice].size()),
         "the events of a slice are counted");
  last_closed_ = effect.slice;
  check_waiting(effect);
  open_ = {effect.slice.value + 1};
  owe_slice(open_, proto::DispatchMode::event);
}

void Auditor::dropped(Crew& crew, std::int64_t events) {
  const auto owed = static_cast<std::int64_t>(crew.pending.size()) + crew.collapsed;
  expect(events == owed, fmt::format("{} events of {} are reported dropped, not {}", owed,
                                     crew.spec.crew.value, events));
  crew.pending.clear();
  crew.collapsed = 0;
}

// A jump opens slices without a word, so a batch that is dropped as one opens may reach beyond the
// slice that triggered it: its newest event tells how far.
SliceIndex Auditor::last_slice_of(const proto::ErrorReport& report) const {
  SliceIndex last = *report.slice;
  const std::set<std::int64_t> seqs = facts(report.detail, "seqs");
  for (const auto& [slice, binned] : bins_) {
    if (std::ranges::any_of(binned, [&seqs](StreamSeq seq) { return seqs.contains(seq.value); })) {
      last = std::max(last, slice);
    }
  }
  return last;
}

void Auditor::see(const engine::ReportError& effect) {
  const std::string& reason = effect.report.reason;
  const std::int64_t events = fact(effect.report.detail, "events");
  if (reason.starts_with("event_")) {
    settle({fact(effect.report.detail, "seq")});
  } else if (reason == "disabled" || reason == "dependency_disabled" ||
             reason == "needs_unmet_at_end") {
    if (reason == "dependency_disabled") {
      open_up_to(std::max(open_, last_slice_of(effect.report)));  // dropped as it opened
    }
    dropped(crews_.at(*effect.report.crew), events);
  } else if (reason == "backlog_collapsed") {
    Crew& crew = crews_.at(*effect.report.crew);
    expect(crew.collapsed == events, "collapsed events are counted");
    crew.collapsed = 0;
  } else if (reason == "backlog_overflow") {
    Crew& crew = crews_.at(*effect.report.crew);
    const SliceIndex slice = *effect.report.slice;
    expect(!crew.pending.empty() && crew.pending.begin()->slice == slice,
           "the oldest batch is the one that overflows");
    const auto gone =
        std::erase_if(crew.pending, [slice](const Owed& owed) { return owed.slice == slice; });
    expect(static_cast<std::int64_t>(gone) == events, "overflowed events are counted");
  }
}

void Auditor::see(const engine::CrewStruck& effect) {
  const Crew& crew = crews_.at(effect.crew);
  expect(crew.enabled && effect.strikes >= 1, effect.crew.value + " is struck while it may run");
}

void Auditor::see(const engine::CrewDisabled& effect) {
  crews_.at(effect.crew).enabled = false;
}

void Auditor::see(const engine::CrewEnabled& effect) {
  crews_.at(effect.crew).enabled = true;
}

void Auditor::see(const engine::Finished&) {
  expect(!finished_, "the end is told once");
  finished_ = true;
  for (const auto& [id, crew] : crews_) {
    expect(!crew.in_flight && crew.pending.empty(), id.value + " has nothing left at the end");
  }
}

}  // namespace lc::sim
