#include "supervisor/engine/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "proto/error_reasons.h"
#include "supervisor/engine/engine_state.h"

namespace lc::engine {

Checkpoint checkpoint_of(proto::Snapshot snapshot) {
  const Lamport lamport = snapshot.lamport;
  const StreamSeq seen_seq = snapshot.event_seq;
  return {.snapshot = std::move(snapshot), .lamport = lamport, .seen_seq = seen_seq};
}

Checkpoint Engine::State::checkpoint() const {
  Checkpoint out{.snapshot = snapshot,
                 .lamport = lamport,
                 .seen_seq = seen_seq,
                 .bins = bins,
                 .diffs = diffs,
                 .history = history.contents(horizon()),
                 .crews = gone,  // until somebody was told of them
                 .queue = queue,
                 .answers = answers,
                 .input_ended = input_ended,
                 .finished = finished};
  for (const auto& [id, crew] : crews) {
    out.crews[id] = {.enabled = crew.enabled,
                     .disabled_why = crew.disabled_why,
                     .disabled_by = crew.disabled_by,
                     .fingerprint = crew.spec.fingerprint,
                     .strikes = crew.strikes,
                     .backlog = crew.backlog.contents(),
                     .in_flight = crew.in_flight,
                     .last_event_ts = crew.last_event_ts,
                     .last_slice = crew.last_slice,
                     .attempts = crew.attempts,
                     .actions_sent = crew.actions_sent};
  }
  return out;
}

void Engine::State::restore(Checkpoint from) {
  snapshot = std::move(from.snapshot);
  snapshot.stream = options.stream;
  open = snapshot.slice;
  event_time = clock.start(open);
  lamport = from.lamport;
  seen_seq = from.seen_seq;
  bins = std::move(from.bins);
  diffs = std::move(from.diffs);
  queue = std::move(from.queue);
  answers = std::move(from.answers);
  input_ended = from.input_ended;
  finished = from.finished;
  if (!is_event_clock()) {  // another clock may have left what waits only with the event clock
    queue.clear();
    answers.clear();
  }
  history.restore(from.history);
  for (auto& [id, kept] : from.crews) {
    Crew* crew = find_crew(id);
    if (crew == nullptr) {
      gone.emplace(id, std::move(kept));
      continue;
    }
    crew->backlog =
        Backlog({crew->spec.backlog_policy, options.backlog_max_batches}, std::move(kept.backlog));
    crew->in_flight = std::move(kept.in_flight);
    if (crew->in_flight && !is_event_clock()) {
      crew->in_flight->answered = false;
    }
    crew->last_event_ts = kept.last_event_ts;
    crew->last_slice = kept.last_slice;
    crew->attempts = kept.attempts;
    crew->actions_sent = kept.actions_sent;
    unanswered += crew->in_flight && !crew->in_flight->answered ? 1 : 0;
    if (!crew->backlog.empty()) {
      waiting.insert(id);
    }
    const bool is_repaired = !kept.enabled && kept.disabled_by == DisabledBy::strikes &&
                             kept.fingerprint != crew->spec.fingerprint;
    if (is_repaired) {
      repaired.push_back(id);
      continue;
    }
    crew->strikes = kept.strikes;
    crew->enabled = kept.enabled;
    crew->disabled_why = std::move(kept.disabled_why);
    crew->disabled_by = kept.disabled_by;
    if (!crew->enabled) {
      disabled.insert(id);
    }
  }
}

void Engine::State::resume() {
  input_ended = false;
  finished = false;
  for (const auto& [id, crew] : std::exchange(gone, {})) {
    std::size_t events = crew.in_flight ? crew.in_flight->ready.events.size() : 0;
    for (const Batch& batch : crew.backlog.batches) {
      events += batch.events.size();
    }
    if (events > 0) {
      report(
          {.reason = proto::kReasonCrewRemoved,
           .message = "a crew that has no file any more had work: it was dropped",
           .crew = id,
           .slice = open,
           .detail = fmt::format(R"({{"batches":{},"in_flight":{},"events":{}}})",
                                 crew.backlog.batches.size(), crew.in_flight.has_value(), events)});
    }
  }
  for (const CrewId& id : std::exchange(repaired, {})) {
    effects.emplace_back(CrewEnabled{id});
  }
  for (auto& [id, crew] : crews) {
    if (crew.in_flight && !crew.in_flight->answered) {
      dispatch_anew(crew);
    }
  }
}

}  // namespace lc::engine
