#include "tests/sim/scenario.h"

#include <algorithm>
#include <limits>

namespace lc::sim {
namespace {

constexpr std::int64_t kCrewsMax = 6;
constexpr std::int64_t kKindsMax = 5;

std::string crew_name(std::int64_t i) {
  return "crew" + std::to_string(i);
}

std::vector<proto::Need> make_needs(Random& dice, std::int64_t self, std::int64_t crews,
                                    const std::vector<Kind>& kinds) {
  std::vector<proto::Need> needs;
  for (std::int64_t i = dice.within(0, 3); i > 0; --i) {
    const std::int64_t other = dice.within(0, crews - 1);
    if (dice.chance(60) && other != self) {
      needs.push_back({proto::NeedType::crew, crew_name(other), dice.within(-3, 1)});
    } else {
      const auto kind = dice.within(0, static_cast<std::int64_t>(kinds.size()) - 1);
      needs.push_back({proto::NeedType::event, kinds[static_cast<std::size_t>(kind)].value,
                       dice.within(-2, 2)});
    }
  }
  return needs;
}

engine::CrewSpec make_crew(Random& dice, std::int64_t self, std::int64_t crews,
                           const std::vector<Kind>& kinds) {
  using enum proto::WaitPolicy;
  engine::CrewSpec spec{.crew = {crew_name(self)}};
  for (const Kind& kind : kinds) {
    if (dice.chance(40)) {
      spec.triggers.push_back(kind);
    }
  }
  if (spec.triggers.empty()) {
    spec.triggers.push_back(kinds.front());
  }
  if (dice.chance(60)) {
    spec.needs = make_needs(dice, self, crews, kinds);
    spec.wait_policy = dice.one_of({all, all, any, none, timeout});
    spec.wait_timeout_ms = dice.within(0, 3000);
  }
  if (dice.chance(30)) {
    spec.slice_stride = dice.within(2, 7);
  }
  if (dice.chance(30)) {
    spec.backlog_policy = proto::BacklogPolicy::latest;
  }
  if (dice.chance(30)) {
    spec.dispatch = proto::DispatchMode::event;
  }
  spec.max_errors = dice.within(1, 5);
  return spec;
}

std::map<std::string, proto::ContextKeyPolicy> make_policies(Random& dice) {
  using enum proto::MergePolicy;
  std::map<std::string, proto::ContextKeyPolicy> policies;
  for (const char* key : {"k0", "k1", "k2"}) {
    if (dice.chance(20)) {
      policies[key] = {dice.one_of({deep, counter, gset, state_machine}), {"idle", "live"}};
    }
  }
  return policies;
}

std::string make_value(Random& dice) {
  switch (dice.within(0, 5)) {
    case 0:
      return "\"idle\"";
    case 1:
      return "[1,\"two\"]";
    case 2:
      return R"({"home":1})";
    case 3:
      return "\"" + std::string(static_cast<std::size_t>(dice.within(0, 60)), 'x') + "\"";
    default:
      return std::to_string(dice.within(-5, 5));
  }
}

proto::ContextDiff make_diff(Random& dice) {
  proto::ContextDiff diff;
  for (int i = 0; i < 5; ++i) {
    const std::string key = "k" + std::to_string(i);
    if (dice.chance(20)) {
      diff.set[key] = make_value(dice);
    } else if (dice.chance(5)) {
      diff.remove.push_back(key);
    }
  }
  return diff;
}

proto::Outcome make_outcome(Random& dice, std::int64_t failures_percent) {
  using enum proto::Outcome;
  if (!dice.chance(failures_percent)) {
    return ok;
  }
  return dice.one_of({error, exit, crash, timeout, init_timeout, oom, sandbox, protocol,
                      killed_external, admin, shutdown, spawn_failed});
}

}  // namespace

Scenario make_scenario(std::uint64_t seed, proto::ClockMode clock) {
  Random dice(seed);
  Scenario scenario{.seed = seed, .options = {}, .kinds = {}};
  for (std::int64_t i = dice.within(1, kKindsMax); i > 0; --i) {
    scenario.kinds.push_back({"kind" + std::to_string(i)});
  }
  engine::EngineOptions& options = scenario.options;
  options.stream = {"sim"};
  options.epoch0 = {dice.within(0, 2'000'000'000'000'000)};
  options.skew = millis(dice.within(-200, 2000));
  options.slice_ms = dice.one_of<std::int64_t>({1, 7, 100, 500});
  options.lateness_ms = dice.one_of({0, 1, 2, 10}) * options.slice_ms / 5;
  options.clock = clock;
  options.late_policy = dice.one_of({proto::LatePolicy::next, proto::LatePolicy::next,
                                     proto::LatePolicy::drop, proto::LatePolicy::dead_letter});
  options.future_tolerance_seconds = dice.within(0, 3);
  options.ctx_max_bytes = dice.one_of<std::int64_t>({2, 40, 120, 4096});
  options.backlog_max_batches = dice.one_of<std::int64_t>({1, 2, 8, 256});
  options.context_keys = make_policies(dice);
  scenario.failures_percent = dice.one_of<std::int64_t>({0, 3, 10, 30});
  const std::int64_t crews = dice.within(1, kCrewsMax);
  for (std::int64_t i = 0; i < crews; ++i) {
    options.crews.push_back(make_crew(dice, i, crews, scenario.kinds));
  }
  if (dice.chance(20)) {
    options.resume = engine::checkpoint_of({.slice = {dice.within(-50, 50)}, .revision = {3}});
  }
  return scenario;
}

Behaviour behave(const Scenario& scenario, const proto::Ready& ready) {
  Random dice(
      derived_seed(scenario.seed, ready.crew.value, ready.slice.value, ready.attempt.value));
  Behaviour behaviour;
  behaviour.outcome = make_outcome(dice, scenario.failures_percent);
  const std::int64_t slice_us = scenario.options.slice_ms * 1000;
  behaviour.takes = {dice.within(0, dice.chance(10) ? 20 * slice_us : slice_us)};
  behaviour.diff = make_diff(dice);
  for (std::int64_t i = dice.within(0, 2); i > 0; --i) {
    behaviour.actions.push_back({.kind = {"said"}, .payload = std::to_string(i)});
  }
  behaviour.lamport = dice.chance(2) ? std::numeric_limits<std::int64_t>::max()
                                     : ready.lamport.value + dice.within(0, 1);
  behaviour.answers_again = dice.chance(10);
  return behaviour;
}

}  // namespace lc::sim
