#include <doctest/doctest.h>

#include "tests/supervisor/engine/rig.h"

using namespace lc;
using namespace lc::engine;
using namespace lc::test;

namespace {

CrewSpec waiting(std::string name, std::vector<std::string> triggers,
                 std::vector<proto::Need> needs,
                 proto::WaitPolicy policy = proto::WaitPolicy::all) {
  CrewSpec spec = crew(std::move(name), std::move(triggers));
  spec.needs = std::move(needs);
  spec.wait_policy = policy;
  return spec;
}

std::string unmet(const Effects& effects) {
  std::string text;
  for (const SliceClosed& closed : all_of<SliceClosed>(effects)) {
    for (const CrewWaiting& waiting : closed.waiting) {
      text += waiting.crew.value + ":";
      for (const std::string& label : waiting.unmet) {
        text += label + ",";
      }
    }
  }
  return text;
}

}  // namespace

TEST_CASE("needs: on match day the commentator waits in the goal's slice and runs in the next") {
  Rig rig(wall_options({
      crew("vision", {"frame_embedding"}),
      waiting("score_tracker", {"goal_scored"}, {needs_event("goal_scored", 0)}),
      waiting("commentator", {"goal_scored"}, {needs_crew("vision", -1)}),
      waiting("emoji_overlay", {"goal_scored"},
              {needs_crew("vision", -1), needs_event("goal_scored", 0)}, proto::WaitPolicy::any),
  }));
  rig.close(82);
  rig.event("frame_embedding", 83, 10);
  rig.event("goal_scored", 83, 20);
  const Effects goal = rig.close(83);
  CHECK(all_of<PublishSnapshot>(goal).back().snapshot.slice == SliceIndex{84});
  CHECK(woken(goal) == "emoji_overlay@83 score_tracker@83 vision@83");
  CHECK(unmet(goal) == "commentator:vision@-1,");
  CHECK(all_of<Dispatch>(goal)[0].ready.missing == std::vector<std::string>{"vision@-1"});

  const proto::ContextDiff score = {.set = {{"score", R"({"away":0,"home":1})"}}, .remove = {}};
  CHECK(woken(rig.done("score_tracker", 83, 1, score, {{{"score_update"}, "{}"}})).empty());
  rig.done("emoji_overlay", 83, 1, {}, {{{"confetti"}, "{}"}});
  CHECK(woken(rig.done("vision", 83, 1, {}, {{{"seen"}, "7"}})).empty());

  const Effects next = rig.close(84);
  CHECK(woken(next) == "commentator@84");
  const proto::Ready ready = all_of<Dispatch>(next)[0].ready;
  CHECK(ready.ctx == proto::Context{{"score", R"({"away":0,"home":1})"}});
  CHECK(ready.needs.at("vision").slice == SliceIndex{83});
  CHECK(ready.needs.at("vision").actions == std::vector<proto::ActionDraft>{{{"seen"}, "7"}});
  CHECK(ready.events[0].slice == SliceIndex{83});
  CHECK(ready.missing.empty());
}

TEST_CASE("needs: a chain of offset 0 runs inside one slice, in phases") {
  Rig rig(wall_options({crew("c", {"x"}), waiting("b", {"x"}, {needs_crew("c", 0)}),
                        waiting("a", {"x"}, {needs_crew("b", 0)})}));
  rig.event("x", 0);
  CHECK(woken(rig.close(0)) == "c@0");
  CHECK(woken(rig.done("c", 0)) == "b@0");
  CHECK(woken(rig.done("b", 0)) == "a@0");
}

TEST_CASE("needs: failure is not completion") {
  Rig rig(wall_options({crew("a", {"x"}), waiting("b", {"x"}, {needs_crew("a", 0)})}));
  rig.event("x", 0);
  rig.close(0);
  CHECK(woken(rig.failed("a", 0)).empty());
  CHECK(woken(rig.close(5)).empty());
  rig.event("x", 6);
  CHECK(woken(rig.close(6)) == "a@6");
  CHECK(woken(rig.done("a", 6)) == "b@6");
}

TEST_CASE("needs: what each policy does with one need of two") {
  struct Row {
    proto::WaitPolicy policy;
    std::string runs;
    std::vector<std::string> missing;
  };
  const Row rows[] = {
      {proto::WaitPolicy::all, "", {}},
      {proto::WaitPolicy::any, "b@0", {"y@0"}},
      {proto::WaitPolicy::none, "b@0", {}},
      {proto::WaitPolicy::timeout, "", {}},
  };
  for (const Row& row : rows) {
    CrewSpec spec = waiting("b", {"x"}, {needs_event("y", 0), needs_event("x", 0)}, row.policy);
    spec.wait_timeout_ms = 1200;
    Rig rig(wall_options({spec}));
    rig.event("x", 0);
    const Effects effects = rig.close(0);
    CHECK(woken(effects) == row.runs);
    if (!row.runs.empty()) {
      CHECK(all_of<Dispatch>(effects)[0].ready.missing == row.missing);
    }
  }
}

TEST_CASE("needs: a timeout runs at the first beat at which so many milliseconds have passed") {
  struct Row {
    std::int64_t timeout_ms;
    std::string runs;
  };
  const Row rows[] = {{0, "b@3"}, {1, "b@4"}, {500, "b@4"}, {501, "b@5"}, {1500, "b@6"}};
  for (const Row& row : rows) {
    CrewSpec spec = waiting("b", {"x"}, {needs_event("y", 0)}, proto::WaitPolicy::timeout);
    spec.wait_timeout_ms = row.timeout_ms;
    Rig rig(wall_options({spec}));
    rig.event("x", 3);
    const Effects effects = rig.close(20);
    CHECK(woken(effects) == row.runs);
    CHECK(all_of<Dispatch>(effects)[0].ready.missing == std::vector<std::string>{"y@0"});
  }
}

TEST_CASE("needs: an event of the past or of a slice to come can be awaited") {
  Rig rig(wall_options(
      {waiting("b", {"x"}, {needs_event("y", -2)}), waiting("c", {"x"}, {needs_event("y", 2)})}));
  rig.event("y", 1);
  rig.event("x", 3);
  CHECK(woken(rig.close(3)) == "b@3");
  rig.event("y", 4);
  CHECK(woken(rig.close(4)).empty());  // the window of c begins in slice 5
  rig.event("y", 6);
  CHECK(woken(rig.close(6)) == "c@6");
}

TEST_CASE("needs: a disabled crew releases who waits for it, as the wait policy says") {
  struct Row {
    proto::WaitPolicy policy;
    std::vector<proto::Need> needs;
    std::string errors;
    std::string runs;
  };
  const Row rows[] = {
      {proto::WaitPolicy::all, {needs_crew("v", 0)}, "disabled dependency_disabled", ""},
      {proto::WaitPolicy::all,
       {needs_crew("v", 0), needs_event("x", 0)},
       "disabled dependency_disabled",
       ""},
      {proto::WaitPolicy::any, {needs_crew("v", 0), needs_event("y", 0)}, "disabled", ""},
      {proto::WaitPolicy::any, {needs_crew("v", 0)}, "disabled dependency_disabled", ""},
      {proto::WaitPolicy::timeout, {needs_crew("v", 0)}, "disabled", "b@0"},
  };
  for (const Row& row : rows) {
    CrewSpec spec = waiting("b", {"x"}, row.needs, row.policy);
    spec.wait_timeout_ms = 60'000;
    Rig rig(wall_options({crew("v", {"z"}), spec}));
    rig.event("x", 0);
    CHECK(woken(rig.close(0)).empty());
    const Effects effects = rig.disable("v");
    CHECK(errors(effects) == row.errors);
    CHECK(woken(effects) == row.runs);
    CHECK(errors(rig.close(1)).empty());
  }
}

TEST_CASE("needs: a batch that comes after the awaited crew was disabled is dropped once") {
  Rig rig(wall_options({crew("v", {"z"}), waiting("b", {"x"}, {needs_crew("v", 0)})}));
  rig.disable("v");
  rig.event("x", 0);
  const Effects effects = rig.close(0);
  CHECK(errors(effects) == "dependency_disabled");
  CHECK(all_of<ReportError>(effects)[0].report.detail ==
        R"({"disabled":["v"],"batches":1,"events":1,"seqs":[1]})");
  CHECK(errors(rig.close(3)).empty());
}

TEST_CASE("needs: what a crew did before it was disabled still counts") {
  Rig rig(wall_options({crew("v", {"x"}), waiting("b", {"x"}, {needs_crew("v", -1)})}));
  rig.event("x", 0);
  rig.close(0);
  rig.done("v", 0);
  CHECK(errors(rig.disable("v")) == "disabled");
  CHECK(woken(rig.close(1)) == "b@1");
}

TEST_CASE("needs: the latest completion of the window is the one that is handed over") {
  Rig rig(wall_options(
      {crew("v", {"f"}), waiting("b", {"x"}, {needs_crew("v", -5), needs_event("go", 0)})}));
  for (std::int64_t slice = 0; slice < 4; ++slice) {
    rig.event("f", slice);
    rig.close(slice);
    rig.done("v", slice, 1, {}, {{{"seen"}, std::to_string(slice)}});
  }
  rig.event("x", 5);
  CHECK(woken(rig.close(7)).empty());
  rig.event("go", 8);
  const auto dispatched = all_of<Dispatch>(rig.close(8));
  REQUIRE(dispatched.size() == 1);
  CHECK(dispatched[0].ready.needs.at("v").slice == SliceIndex{3});
  CHECK(dispatched[0].ready.needs.at("v").actions[0].payload == "3");
}
