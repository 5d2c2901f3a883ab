// Random worlds until enough slices were closed. LC_SIM_SEED repeats a world that broke a promise
// (the seed is printed), LC_SIM_SLICES sets how many slices are closed in all.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "tests/sim/run.h"
#include "tests/sim/seed.h"

using namespace lc;
using namespace lc::sim;

namespace {

constexpr std::int64_t kSlicesDefault = 75'000;  // of each of the two tests below
constexpr std::int64_t kSlicesPerWorld = 300;

std::int64_t slices_wanted() {
  return static_cast<std::int64_t>(
      environment_number("LC_SIM_SLICES").value_or(static_cast<std::uint64_t>(kSlicesDefault)));
}

// Where two texts part, for a person.
std::string first_difference(std::string_view a, std::string_view b) {
  std::size_t at = 0;
  while (at < std::min(a.size(), b.size()) && a[at] == b[at]) {
    ++at;
  }
  const std::size_t line = at == 0 ? 0 : a.rfind('\n', at - 1) + 1;
  return fmt::format("\n  {}\n  {}", a.substr(line, 400), b.substr(line, 400));
}

void check_promises(const Run& run, std::uint64_t seed) {
  std::string broken;
  for (std::size_t i = 0; i < std::min<std::size_t>(run.violations.size(), 5); ++i) {
    broken += "\n  not so: " + run.violations[i];
  }
  CHECK_MESSAGE(run.violations.empty(), "LC_SIM_SEED=", seed, " LC_SIM_SLICES=1 repeats this",
                broken);
}

struct Totals {
  std::int64_t worlds = 0;
  std::int64_t slices = 0;
  std::int64_t dispatches = 0;
};

template <class World>
void run_worlds(const char* name, World&& world) {
  Totals totals;
  std::uint64_t seed = first_seed();
  std::printf("%s: LC_SIM_SEED=%llu\n", name, static_cast<unsigned long long>(seed));
  for (const std::int64_t wanted = slices_wanted(); totals.slices < wanted; ++seed) {
    const Run run = world(seed);
    totals.slices += run.slices;
    totals.dispatches += run.dispatches;
    ++totals.worlds;
    if (!run.violations.empty()) {
      return;
    }
  }
  std::printf("%s: %lld worlds, %lld slices, %lld reactions\n", name,
              static_cast<long long>(totals.worlds), static_cast<long long>(totals.slices),
              static_cast<long long>(totals.dispatches));
  CHECK(totals.dispatches > 0);
}

}  // namespace

TEST_CASE(
    "simulation: with the wall clock every promise is kept, and replays and restarts are "
    "identical") {
  run_worlds("wall clock", [](std::uint64_t seed) {
    const Scenario scenario = make_scenario(seed, proto::ClockMode::wall);
    Run run = run_wall_clock(scenario, kSlicesPerWorld);
    check_promises(run, seed);
    const std::string again = replay(scenario, run.inputs);
    CHECK_MESSAGE(again == run.effects, "LC_SIM_SEED=", seed, " LC_SIM_SLICES=1: the replay parts",
                  first_difference(run.effects, again));
    const std::string resumed = replay_with_restarts(scenario, run.inputs, seed);
    CHECK_MESSAGE(resumed == run.effects, "LC_SIM_SEED=", seed,
                  " LC_SIM_SLICES=1: what goes on from a checkpoint parts",
                  first_difference(run.effects, resumed));
    return run;
  });
}

TEST_CASE(
    "simulation: with the event clock the effects depend on nobody's speed and on no restart") {
  run_worlds("event clock", [](std::uint64_t seed) {
    const Scenario scenario = make_scenario(seed, proto::ClockMode::event);
    Run run = run_event_clock(scenario, kSlicesPerWorld, 1);
    check_promises(run, seed);
    const Run other = run_event_clock(scenario, kSlicesPerWorld, 2);
    CHECK_MESSAGE(other.effects == run.effects, "LC_SIM_SEED=", seed,
                  " LC_SIM_SLICES=1: another speed, another result",
                  first_difference(run.effects, other.effects));
    const std::string resumed = replay_with_restarts(scenario, run.inputs, seed);
    CHECK_MESSAGE(resumed == run.effects, "LC_SIM_SEED=", seed,
                  " LC_SIM_SLICES=1: what goes on from a checkpoint parts",
                  first_difference(run.effects, resumed));
    CHECK(run.effects.ends_with("finished\n"));
    return run;
  });
}
