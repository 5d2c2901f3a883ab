#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "supervisor/engine/input.h"
#include "supervisor/journal/replay.h"
#include "tests/sim/scenario.h"

namespace lc::sim {

/// A simulated run as its journal and its stream of events have it.
struct Journal {
  std::vector<std::string> records;  // record n is at n - 1
  std::map<std::int64_t, std::string> events;
  std::string run;  // digest of all that was decided
};

/// Gives the inputs to an engine and writes its journal. Now and then (by chance, from `seed`) it
/// takes a checkpoint, some in parts, and stops and starts again as a supervisor does.
Journal write_journal(const Scenario& scenario, const std::vector<engine::Input>& inputs,
                      std::uint64_t seed);

/// The same without checkpoints after the first, and without restarts.
Journal write_plain_journal(const Scenario& scenario, const std::vector<engine::Input>& inputs);

/// Replays records [from, to) where `from` starts a checkpoint.
Result<journal::Replay> replay_journal(const Journal& journal, std::int64_t from, std::int64_t to);

}  // namespace lc::sim
