// Closing one slice, in this order: bin, commit, fill the backlogs, decide, tell; then the next
// slice opens.

#include <algorithm>
#include <utility>

#include "common/json.h"
#include "proto/error_reasons.h"
#include "supervisor/engine/engine_state.h"

namespace lc::engine {
namespace {

std::string conflict_detail(const Conflict& conflict) {
  std::string detail;
  JsonWriter(detail)
      .begin_object()
      .key("key")
      .string(conflict.key)
      .key("winner")
      .string(conflict.winner.value)
      .key("loser")
      .string(conflict.loser.value)
      .key("losing_value")
      .raw(conflict.losing_value.empty() ? "null" : conflict.losing_value)
      .end_object();
  return detail;
}

std::string size_detail(const MergeResult& merged, std::int64_t bytes_max) {
  std::string detail;
  JsonWriter json(detail);
  json.begin_object().key("bytes_max").number(bytes_max);
  json.key("size_before").number(merged.size_before);
  json.key("size_after").number(merged.size_after);
  json.key("dropped").begin_array();
  for (const DroppedKey& dropped : merged.dropped) {
    json.begin_object().key("key").string(dropped.key);
    json.key("crew").string(dropped.crew.value);
    json.key("bytes").number(dropped.bytes).end_object();
  }
  json.end_array().end_object();
  return detail;
}

std::string refused_detail(const RefusedWrite& refused) {
  std::string detail;
  JsonWriter(detail)
      .begin_object()
      .key("key")
      .string(refused.key)
      .key("value")
      .raw(refused.value.empty() ? "null" : refused.value)
      .key("why")
      .string(refused.why)
      .end_object();
  return detail;
}

}  // namespace

void Engine::State::beat() {
  event_time = clock.start(next(open));
  std::vector<BinnedEvent> events;
  if (auto bin = bins.extract(open)) {
    events = std::move(bin.mapped());
  }
  std::ranges::stable_sort(events, {}, [](const BinnedEvent& binned) { return binned.event.seq; });
  commit();
  fill_backlogs(events);
  SliceClosed closed = decide();
  closed.events = static_cast<std::int64_t>(events.size());
  effects.emplace_back(std::move(closed));
  open_next(next(open));
  history.forget_before(horizon());
}

void Engine::State::commit() {
  MergeResult merged;
  if (diffs.empty()) {
    merged.snapshot = snapshot.context;
  } else {
    merged = merge(snapshot.context, std::exchange(diffs, {}),
                   {.bytes_max = options.ctx_max_bytes, .policies = &options.context_keys});
  }
  const bool changed = merged.snapshot != snapshot.context;
  snapshot.slice = next(open);
  snapshot.revision.value += changed ? 1 : 0;
  snapshot.event_seq = settled_seq();
  snapshot.lamport = lamport;
  snapshot.context = std::move(merged.snapshot);
  effects.emplace_back(
      PublishSnapshot{snapshot, changed ? SnapshotChange::changed : SnapshotChange::same});
  for (const Conflict& conflict : merged.conflicts) {
    report({.reason = proto::kReasonContextConflict,
            .message = "two crews wrote one context key in one beat; the later write stands",
            .crew = conflict.loser,
            .slice = open,
            .detail = conflict_detail(conflict)});
  }
  for (const RefusedWrite& refused : merged.refused) {
    report({.reason = proto::kReasonContextRefused,
            .message = "a write does not follow the policy of its context key",
            .crew = refused.crew,
            .slice = open,
            .detail = refused_detail(refused)});
  }
  if (!merged.dropped.empty()) {
    report({.reason = proto::kReasonCtxSize,
            .message = "the context exceeds its size: keys were truncated",
            .slice = open,
            .detail = size_detail(merged, options.ctx_max_bytes)});
  }
}

void Engine::State::fill_backlogs(const std::vector<BinnedEvent>& events) {
  for (const BinnedEvent& binned : events) {
    if (const auto woken = wakes_at_beat.find(binned.kind); woken != wakes_at_beat.end()) {
      for (Crew* crew : woken->second) {
        give(*crew, binned);
      }
    }
  }
}

SliceClosed Engine::State::decide() {
  SliceClosed closed{.slice = open, .events = 0, .ready = {}, .waiting = {}};
  for (const CrewId& id : std::vector<CrewId>(waiting.begin(), waiting.end())) {
    Crew& crew = crews.at(id);
    if (evaluate(crew, open) == Decision::dispatched) {
      closed.ready.push_back(id);
    } else if (!crew.backlog.empty()) {
      closed.waiting.push_back({id, why_waiting(crew, open)});
    }
  }
  return closed;
}

std::vector<std::string> Engine::State::why_waiting(const Crew& crew, SliceIndex at) const {
  std::vector<std::string> why = judge(crew.spec, crew.backlog.trigger(), at, world()).unmet;
  if (crew.in_flight) {
    why.emplace_back("busy");
  }
  if (!on_stride(at, crew.spec.slice_stride)) {
    why.emplace_back("stride");
  }
  std::ranges::sort(why);
  return why;
}

// No window of a need reaches further back than the oldest batch and the largest offset.
SliceIndex Engine::State::horizon() const {
  SliceIndex oldest = open;
  for (const CrewId& id : waiting) {
    oldest = std::min(oldest, crews.at(id).backlog.trigger());
  }
  return {oldest.value - offset_max};
}

}  // namespace lc::engine
