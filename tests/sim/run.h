#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "supervisor/engine/input.h"
#include "tests/sim/scenario.h"

namespace lc::sim {

/// What a simulated run was told, what it did and which promises it broke.
struct Run {
  std::vector<engine::Input> inputs;
  std::string effects;  // the text of all effects
  std::vector<std::string> violations;
  std::int64_t slices = 0;  // closed
  std::int64_t dispatches = 0;
};

/// Drives an engine with the wall clock through about `slices` slices of events that come late,
/// early and far too early, of ticks that come late or after long stalls, of workers that are slow,
/// fail, time out, answer late or twice, and of operators who disable and enable crews.
Run run_wall_clock(const Scenario& scenario, std::int64_t slices);

/// Drives an engine with the event clock through a file of events over about `slices` slices, with
/// gaps. Which worker answers first, and when events are fed, depends on `speed_seed`.
Run run_event_clock(const Scenario& scenario, std::int64_t slices, std::uint64_t speed_seed);

/// Gives the inputs to a new engine.
std::string replay(const Scenario& scenario, const std::vector<engine::Input>& inputs);

/// The same, and now and then (by chance, from `seed`) a new engine goes on from a checkpoint of
/// the one before.
std::string replay_with_restarts(const Scenario& scenario, const std::vector<engine::Input>& inputs,
                                 std::uint64_t seed);

}  // namespace lc::sim
