// Prints the recording of a simulated run, for tests of the commands: `sim_recording wall|event
// SEED`.

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/sim/journal.h"
#include "tests/sim/recording.h"
#include "tests/sim/run.h"

int main(int argc, char** argv) {
  constexpr std::int64_t kSlices = 150;
  if (argc != 3) {
    return 64;
  }
  const bool is_wall = std::string_view(argv[1]) == "wall";
  const std::uint64_t seed = std::strtoull(argv[2], nullptr, 10);
  const auto clock = is_wall ? lc::proto::ClockMode::wall : lc::proto::ClockMode::event;
  const lc::sim::Scenario scenario = lc::sim::make_scenario(seed, clock);
  const lc::sim::Run run = is_wall ? lc::sim::run_wall_clock(scenario, kSlices)
                                   : lc::sim::run_event_clock(scenario, kSlices, 1);
  const auto text = lc::sim::record_journal(lc::sim::write_journal(scenario, run.inputs, seed));
  if (!text) {
    std::fputs(text.error().message.c_str(), stderr);
    return 1;
  }
  return std::fwrite(text->data(), 1, text->size(), stdout) == text->size() ? 0 : 1;
}
