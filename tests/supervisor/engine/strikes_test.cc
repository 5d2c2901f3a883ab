#include <doctest/doctest.h>

#include "tests/supervisor/engine/rig.h"

using namespace lc;
using namespace lc::engine;
using namespace lc::test;

namespace {

IdleFailure idle_failure(WorkerPhase phase) {
  return {.now = kEpoch0,
          .crew = {"a"},
          .outcome = proto::Outcome::crash,
          .detail = "died",
          .excuse = "",
          .worker = R"({"pid":7})",
          .phase = phase};
}

std::pair<const CrewId, CrewCheckpoint> disabled_crew(std::string name, std::string why) {
  return {{std::move(name)}, {.enabled = false, .disabled_why = std::move(why)}};
}

}  // namespace

TEST_CASE("C08 an excused failure is told with its excuse and is no strike") {
  CrewSpec spec = crew("a", {"x"});
  spec.max_errors = 1;
  Rig rig(wall_options({spec}));
  rig.event("x", 0);
  rig.close(0);
  const Effects effects = rig.engine.step(ReactionFailed{.now = kEpoch0,
                                                         .crew = {"a"},
                                                         .slice = {0},
                                                         .attempt = {1},
                                                         .outcome = proto::Outcome::timeout,
                                                         .detail = "killed",
                                                         .excuse = "NATS was away meanwhile",
                                                         .worker = R"({"pid":7})"});
  CHECK(errors(effects) == "reaction_failed");
  CHECK(detail_of(effects, "reaction_failed") ==
        R"({"outcome":"timeout","detail":"killed","events":1,"strikes":0,"max_errors":1,)"
        R"("excuse":"NATS was away meanwhile","worker":{"pid":7}})");
  CHECK(all_of<CrewStruck>(effects).empty());
  CHECK(rig.engine.crews()[0].enabled);
}

TEST_CASE("strikes: a worker that cannot start is called so, and counts like one that dies") {
  CrewSpec spec = crew("a", {"x"});
  spec.max_errors = 2;
  Rig rig(wall_options({spec}));
  Effects effects = rig.engine.step(idle_failure(WorkerPhase::starting));
  CHECK(errors(effects) == "worker_init_failed");
  REQUIRE(all_of<CrewStruck>(effects).size() == 1);
  CHECK(all_of<CrewStruck>(effects)[0].strikes == 1);
  effects = rig.engine.step(idle_failure(WorkerPhase::resting));
  CHECK(errors(effects) == "worker_failed disabled");
  REQUIRE(all_of<CrewDisabled>(effects).size() == 1);
  CHECK(all_of<CrewDisabled>(effects)[0].by == DisabledBy::strikes);
}

TEST_CASE("strikes: what was told before the stream had time counts, and is not told again") {
  Rig rig(wall_options({crew("a", {"x"})}));
  IdleFailure early = idle_failure(WorkerPhase::starting);
  early.is_reported = true;
  const Effects effects = rig.engine.step(early);
  CHECK(errors(effects).empty());
  CHECK(rig.engine.crews()[0].strikes == 1);
}

TEST_CASE("C05 a crew that is disabled from the start takes nothing until it is enabled") {
  EngineOptions options = wall_options({crew("a", {"x"})});
  options.resume = Checkpoint{.crews = {disabled_crew("a", "3 consecutive failures")}};
  Rig rig(options);
  CHECK(rig.engine.crews()[0].disabled_why == "3 consecutive failures");
  rig.event("x", 0);
  CHECK(woken(rig.close(0)).empty());
  rig.enable("a");
  rig.event("x", 1);
  CHECK(woken(rig.close(1)) == "a@1");
}

TEST_CASE("C05 who waits for a crew that is disabled from the start is released") {
  CrewSpec waiting = crew("b", {"x"});
  waiting.needs = {{proto::NeedType::crew, "a", 0}};
  waiting.wait_policy = proto::WaitPolicy::all;
  EngineOptions options = wall_options({crew("a", {"x"}), waiting});
  options.resume = Checkpoint{.crews = {disabled_crew("a", "by operator")}};
  Rig rig(options);
  rig.event("x", 0);
  CHECK(errors(rig.close(0)) == "dependency_disabled");
}

TEST_CASE("C06 enabling a crew that is enabled clears its strikes and lets its worker start now") {
  Rig rig(wall_options({crew("a", {"x"})}));
  rig.engine.step(idle_failure(WorkerPhase::resting));
  CHECK(all_of<CrewEnabled>(rig.enable("a")).size() == 1);
  CHECK(rig.engine.crews()[0].strikes == 0);
}
