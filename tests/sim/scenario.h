#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/time.h"
#include "proto/outcome.h"
#include "proto/slice.h"
#include "supervisor/engine/engine.h"
#include "tests/sim/random.h"

namespace lc::sim {

/// How a worker behaves in one reaction.
struct Behaviour {
  proto::Outcome outcome = proto::Outcome::ok;
  Micros takes;
  proto::ContextDiff diff;
  std::vector<proto::ActionDraft> actions;
  std::int64_t lamport = 0;
  bool answers_again = false;  // a second answer after it: to a reaction that has ended
};

/// A stream, its crews and how they behave, all from a seed.
struct Scenario {
  std::uint64_t seed = 0;
  engine::EngineOptions options;
  std::vector<Kind> kinds;
  std::int64_t failures_percent = 0;
};

Scenario make_scenario(std::uint64_t seed, proto::ClockMode clock);

/// What the worker does with `ready`: a function of the seed and of what it was asked, so that it
/// does not depend on who answered before it.
Behaviour behave(const Scenario& scenario, const proto::Ready& ready);

}  // namespace lc::sim
