#include <doctest/doctest.h>

#include <algorithm>

#include "tests/supervisor/engine/rig.h"

using namespace lc;
using namespace lc::engine;
using namespace lc::test;

namespace {

std::vector<std::int64_t> closed_slices(const Effects& effects) {
  std::vector<std::int64_t> slices;
  for (const SliceClosed& closed : all_of<SliceClosed>(effects)) {
    slices.push_back(closed.slice.value);
  }
  return slices;
}

using Slices = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("event clock: a slice closes when an event of a later slice has arrived") {
  Rig rig(event_options({crew("a", {"x"})}));
  CHECK(!rig.engine.next_deadline());
  CHECK(closed_slices(rig.event("x", 0)).empty());
  CHECK(closed_slices(rig.event("x", 0)).empty());
  const Effects effects = rig.event("x", 1);
  CHECK(closed_slices(effects) == Slices{0});
  CHECK(woken(effects) == "a@0");
}

TEST_CASE("event clock: nothing moves while a reaction is in flight") {
  Rig rig(event_options({crew("a", {"x"})}));
  rig.event("x", 0);
  rig.event("x", 1);
  CHECK(rig.event("x", 2).empty());
  CHECK(rig.end().empty());
  const Effects first = rig.done("a", 0);
  CHECK(closed_slices(first) == Slices{1});
  CHECK(woken(first) == "a@1");
  CHECK(woken(rig.done("a", 1)) == "a@2");
  const Effects last = rig.done("a", 2);
  CHECK(std::holds_alternative<Finished>(last.back()));
}

TEST_CASE("event clock: answers of a phase are applied together, in crew order") {
  const auto run = [](std::vector<std::string> order) {
    Rig rig(event_options({crew("a", {"x"}), crew("b", {"x"}), crew("c", {"x"})}));
    std::string text = effects_text(rig.event("x", 0));
    text += effects_text(rig.end());
    for (const std::string& name : order) {
      text += effects_text(rig.done(name, 0, 1, {.set = {{"k", "\"" + name + "\""}}, .remove = {}},
                                    {{.kind = {"said"}, .payload = "1"}}));
    }
    return text;
  };
  const std::string expected = run({"a", "b", "c"});
  CHECK(run({"c", "b", "a"}) == expected);
  CHECK(run({"b", "c", "a"}) == expected);
  CHECK(expected.find("action s.0.a.0") < expected.find("action s.0.c.0"));
  CHECK(expected.find(R"("ctx":{"k":"c"})") != std::string::npos);
}

TEST_CASE("event clock: a gap is stepped over, whatever its length") {
  Rig rig(event_options({crew("a", {"x"})}));
  rig.event("x", 0);
  rig.event("x", 1'000'000'000);
  rig.done("a", 0);
  CHECK(rig.engine.open_slice() == SliceIndex{1'000'000'000});
  CHECK(closed_slices(rig.end()) == Slices{1'000'000'000});
}

TEST_CASE("event clock: a diff is committed in the next slice even when a gap follows") {
  Rig rig(event_options({crew("a", {"x"})}));
  rig.event("x", 0);
  rig.event("x", 1'000'000);
  const Effects effects = rig.done("a", 0, 1, {.set = {{"k", "1"}}, .remove = {}});
  CHECK(closed_slices(effects) == Slices{1});
  const auto published = all_of<PublishSnapshot>(effects);
  REQUIRE(published.size() == 1);
  CHECK(published[0].snapshot.slice == SliceIndex{2});
  CHECK(published[0].snapshot.context == proto::Context{{"k", "1"}});
  CHECK(published[0].change == SnapshotChange::changed);
}

TEST_CASE("event clock: a gap stops at the slice in which a waiting batch can run") {
  struct Row {
    std::string what;
    CrewSpec spec;
    std::string runs;
  };
  CrewSpec offset = crew("b", {"x"});
  offset.needs = {needs_crew("a", -10)};
  offset.wait_policy = proto::WaitPolicy::all;
  CrewSpec timeout = offset;
  timeout.needs = {needs_event("never", 0)};
  timeout.wait_policy = proto::WaitPolicy::timeout;
  timeout.wait_timeout_ms = 3 * kSliceMs - 1;
  CrewSpec stride = crew("b", {"x"});
  stride.slice_stride = 7;
  const Row rows[] = {
      {"an offset", offset, "b@11"}, {"a timeout", timeout, "b@4"}, {"a stride", stride, "b@7"}};
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Rig rig(event_options({crew("a", {"x"}), row.spec}));
    Effects effects = rig.event("x", 1);
    CHECK(woken(rig.event("y", 1'000'000)).starts_with("a@1"));
    effects = rig.done("a", 1);
    CHECK(woken(effects) == row.runs);
  }
}

TEST_CASE("event clock: without a later event or the end of input nothing is guessed") {
  Rig rig(event_options({crew("a", {"x"})}));
  rig.event("x", 0);
  CHECK(rig.engine.step(Tick{at_slice(1'000)}).empty());
  CHECK(rig.engine.open_slice() == SliceIndex{0});
}

TEST_CASE("event clock: at the end what waits runs when it can, the rest is reported, once") {
  CrewSpec later = crew("b", {"x"});
  later.needs = {needs_crew("a", -3)};
  later.wait_policy = proto::WaitPolicy::all;
  CrewSpec never = crew("c", {"x"});
  never.needs = {needs_event("other", 0)};
  never.wait_policy = proto::WaitPolicy::all;
  Rig rig(event_options({crew("a", {"x"}), later, never}));
  rig.event("x", 0);
  CHECK(woken(rig.end()) == "a@0");
  CHECK(woken(rig.done("a", 0)) == "b@3");
  const Effects effects = rig.done("b", 3);
  CHECK(errors(effects) == "needs_unmet_at_end");
  CHECK(all_of<ReportError>(effects)[0].report.detail ==
        R"({"unmet":["other@0"],"batches":1,"events":1})");
  CHECK(all_of<Finished>(effects).size() == 1);
  CHECK(rig.end().empty());
}

TEST_CASE("event clock: an input without events just finishes") {
  Rig rig(event_options({crew("a", {"x"})}));
  const Effects effects = rig.end();
  REQUIRE(effects.size() == 1);
  CHECK(std::holds_alternative<Finished>(effects[0]));
}

TEST_CASE("event clock: actions carry the end of their slice, eager ones their event's time") {
  CrewSpec eager = crew("b", {"x"});
  eager.dispatch = proto::DispatchMode::event;
  Rig rig(event_options({crew("a", {"x"}), eager}));
  const std::vector<proto::ActionDraft> drafts = {{.kind = {"said"}, .payload = "1"}};
  CHECK(woken(rig.event("x", 0, 123)) == "b@0");
  const auto eager_actions = all_of<PublishAction>(rig.done("b", 0, 1, {}, drafts));
  REQUIRE(eager_actions.size() == 1);
  CHECK(eager_actions[0].action.ts == at_slice(0, 123));
  CHECK(woken(rig.end()) == "a@0");
  const auto actions = all_of<PublishAction>(rig.done("a", 0, 1, {}, drafts));
  REQUIRE(actions.size() == 1);
  CHECK(actions[0].action.ts == at_slice(1));
}

TEST_CASE("event clock: a full queue asks for patience") {
  Rig rig(event_options({crew("a", {"x"})}));
  rig.event("x", 0);
  rig.event("x", 1);
  for (int i = 0; i < 65'534; ++i) {
    rig.event("y", 1);
  }
  CHECK(rig.engine.wants_events());
  rig.event("y", 1);
  CHECK(!rig.engine.wants_events());
  rig.done("a", 0);
  CHECK(rig.engine.wants_events());
}

TEST_CASE("event clock: a worker that dies idle after its answer keeps its strike") {
  Rig rig(event_options({crew("a", {"x"}), crew("b", {"x"})}));
  rig.event("x", 0);
  rig.end();
  rig.done("a", 0);
  rig.engine.step(IdleFailure{kEpoch0, {"a"}, proto::Outcome::crash, "signal 11"});
  rig.done("b", 0);
  CHECK(rig.engine.crews()[0].strikes == 1);
}
