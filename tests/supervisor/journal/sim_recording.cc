// Prints the recording of a simulated run, for tests of the commands: `sim_recording wall|event
// SEED`.

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/sim/journal.h"
#include "tests/sim/recording.h"
#include "tests/sim/run.h"
#include "tests/supervisor/journal/match.h"

namespace {

lc::sim::Journal journal_of(lc::proto::ClockMode clock, std::uint64_t seed) {
  constexpr std::int64_t kSlices = 150;
  const bool is_wall = clock == lc::proto::ClockMode::wall;
  const lc::sim::Scenario scenario = lc::sim::make_scenario(seed, clock);
  const lc::sim::Run run = is_wall ? lc::sim::run_wall_clock(scenario, kSlices)
                                   : lc::sim::run_event_clock(scenario, kSlices, 1);
  return lc::sim::write_journal(scenario, run.inputs, seed);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    return 64;
  }
  const std::string_view what = argv[1];
  const std::uint64_t seed = std::strtoull(argv[2], nullptr, 10);
  const auto clock = what == "wall" ? lc::proto::ClockMode::wall : lc::proto::ClockMode::event;
  const auto text = lc::sim::record_journal(what == "match" ? lc::sim::Match().journal()
                                                            : journal_of(clock, seed));
  if (!text) {
    std::fputs(text.error().message.c_str(), stderr);
    return 1;
  }
  return std::fwrite(text->data(), 1, text->size(), stdout) == text->size() ? 0 : 1;
}
