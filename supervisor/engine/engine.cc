#include "supervisor/engine/engine.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "common/check.h"
#include "proto/error_reasons.h"
#include "supervisor/engine/engine_state.h"

namespace lc::engine {

CrewSpec crew_spec(const proto::Manifest& manifest) {
  return {
      .crew = manifest.crew,
      .triggers = manifest.triggers,
      .needs = manifest.needs,
      .wait_policy = manifest.wait_policy,
      .wait_timeout_ms = manifest.wait_timeout_ms,
      .slice_stride = manifest.slice_stride,
      .timeout_ms = manifest.timeout_ms,
      .backlog_policy = manifest.backlog_policy,
      .max_errors = manifest.max_errors,
      .dispatch = manifest.dispatch,
      .fingerprint = manifest.fingerprint,
  };
}

namespace {

template <class Crew>
void index_crew(std::map<Kind, std::vector<Crew*>>& index, const std::set<Kind>& kinds,
                Crew& crew) {
  for (const Kind& kind : kinds) {
    index[kind].push_back(&crew);
  }
}

}  // namespace

Engine::State::State(EngineOptions engine_options)
    : options(std::move(engine_options)),
      clock{.epoch0 = options.epoch0,
            .slice = millis(options.slice_ms),
            .skew = options.skew,
            .lateness = millis(options.lateness_ms)} {
  LC_ASSERT(options.slice_ms > 0 && options.backlog_max_batches > 0);
  for (const CrewSpec& spec : options.crews) {
    LC_ASSERT(spec.slice_stride > 0 && spec.max_errors > 0);
    const Backlog backlog({spec.backlog_policy, options.backlog_max_batches});
    crews.emplace(spec.crew, Crew{.spec = spec, .backlog = backlog});
    for (const proto::Need& need : spec.needs) {
      history.await(need);
      offset_max = std::max(offset_max, std::abs(need.offset));
    }
  }
  for (auto& [id, crew] : crews) {
    const std::set<Kind> triggers(crew.spec.triggers.begin(), crew.spec.triggers.end());
    if (crew.spec.dispatch == proto::DispatchMode::slice) {
      index_crew(wakes_at_beat, triggers, crew);
      continue;
    }
    std::set<Kind> needed;
    for (const proto::Need& need : crew.spec.needs) {
      if (need.type == proto::NeedType::event && !triggers.contains(Kind{need.name})) {
        needed.insert(Kind{need.name});
      }
    }
    index_crew(wakes_on_arrival, triggers, crew);
    index_crew(needs_on_arrival, needed, crew);
  }
  restore(options.resume ? *std::exchange(options.resume, std::nullopt) : Checkpoint{});
}

Engine::State::Crew* Engine::State::find_crew(const CrewId& id) {
  const auto it = crews.find(id);
  return it == crews.end() ? nullptr : &it->second;
}

void Engine::State::handle(EventArrived&& input) {
  if (is_event_clock()) {
    LC_ASSERT(!input_ended);
    queue.push_back(std::move(input));
  } else {
    admit(std::move(input));
  }
}

void Engine::State::handle(const Tick& input) {
  if (!is_event_clock()) {
    close_due_slices(input.now);
  }
}

void Engine::State::handle(ReactionDone&& input) {
  if (!matches(input.crew, input.slice, input.attempt)) {
    report({.reason = proto::kReasonDoneStale,
            .message = "an answer to no reaction in flight was ignored",
            .crew = input.crew,
            .slice = input.slice,
            .detail = "{\"attempt\":" + std::to_string(input.attempt.value) + "}"});
    return;
  }
  crews.at(input.crew).in_flight->answered = true;
  --unanswered;
  answers.emplace_back(std::move(input));
}

void Engine::State::handle(const ReactionFailed& input) {
  if (matches(input.crew, input.slice, input.attempt)) {
    crews.at(input.crew).in_flight->answered = true;
    --unanswered;
    answers.emplace_back(input);
  }
}

void Engine::State::handle(const ReactionLost& input) {
  if (matches(input.crew, input.slice, input.attempt)) {
    apply(input);
  }
}

void Engine::State::handle(const IdleFailure& input) {
  const Crew* crew = find_crew(input.crew);
  if (crew == nullptr) {
    return;
  }
  if (crew->in_flight && !crew->in_flight->answered) {
    // The worker that should take the reaction died before it could: no phase ends until it counts.
    apply(input);
    evaluate_waiting();
    return;
  }
  answers.emplace_back(input);
}

void Engine::State::handle(const EnableCrew& input) {
  Crew* crew = find_crew(input.crew);
  if (crew == nullptr) {
    return;
  }
  crew->strikes = 0;
  crew->enabled = true;
  crew->disabled_why.clear();
  crew->disabled_by = DisabledBy::order;
  disabled.erase(input.crew);
  effects.emplace_back(CrewEnabled{input.crew});  // also when it was: its worker may wait
}

void Engine::State::handle(const DisableCrew& input) {
  if (Crew* crew = find_crew(input.crew); crew != nullptr && crew->enabled) {
    disable(*crew, input.why, DisabledBy::order);
    evaluate_waiting();
  }
}

void Engine::State::handle(const InputEnded&) {
  input_ended = true;
}

void Engine::State::handle(const Resumed&) {
  resume();
}

Engine::Engine(EngineOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

Effects Engine::step(Input input) {
  state_->effects.clear();
  std::visit(
      [this](auto& concrete) {
        state_->now = concrete.now;
        state_->handle(std::move(concrete));
      },
      input);
  if (state_->is_event_clock()) {
    state_->pump();
  } else {
    state_->apply_answers();
  }
  return std::exchange(state_->effects, {});
}

std::optional<WallTime> Engine::next_deadline() const {
  if (state_->is_event_clock()) {
    return std::nullopt;
  }
  return state_->clock.due(state_->open);
}

bool Engine::wants_events() const {
  return state_->queue.size() < kEventsQueuedMax;
}

SliceIndex Engine::open_slice() const {
  return state_->open;
}

std::optional<SliceIndex> Engine::next_work() const {
  return state_->next_work();
}

const proto::Snapshot& Engine::snapshot() const {
  return state_->snapshot;
}

Checkpoint Engine::checkpoint() const {
  return state_->checkpoint();
}

StreamSeq Engine::given_seq() const {
  return state_->queue.empty() ? state_->seen_seq : state_->queue.back().seq;
}

std::int64_t Engine::reactions_in_flight() const {
  return std::ranges::count_if(
      state_->crews, [](const auto& entry) { return entry.second.in_flight.has_value(); });
}

std::vector<Engine::CrewState> Engine::crews() const {
  std::vector<CrewState> states;
  for (const auto& [id, crew] : state_->crews) {
    states.push_back({
        .crew = id,
        .enabled = crew.enabled,
        .strikes = crew.strikes,
        .batches_pending = crew.backlog.batches(),
        .in_flight = crew.in_flight ? std::optional(crew.in_flight->ready.slice) : std::nullopt,
        .disabled_why = crew.disabled_why,
    });
  }
  return states;
}

}  // namespace lc::engine
