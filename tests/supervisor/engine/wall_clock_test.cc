#include <doctest/doctest.h>

#include "tests/supervisor/engine/rig.h"

using namespace lc;
using namespace lc::engine;
using namespace lc::test;

TEST_CASE("wall clock: a slice closes when its end, the skew and the lateness have passed") {
  EngineOptions options = wall_options({});
  options.skew = millis(70);
  options.lateness_ms = 20;
  Rig rig(options);
  CHECK(rig.engine.next_deadline() == at_slice(1, 90));
  CHECK(rig.engine.step(Tick{at_slice(1, 89)}).empty());
  const Effects effects = rig.engine.step(Tick{at_slice(1, 90)});
  REQUIRE(effects.size() == 2);
  CHECK(std::get<PublishSnapshot>(effects[0]).snapshot.slice == SliceIndex{1});
  CHECK(std::get<SliceClosed>(effects[1]).slice == SliceIndex{0});
  CHECK(rig.engine.next_deadline() == at_slice(2, 90));
}

TEST_CASE("wall clock: after a stall every due slice gets its beat, in order") {
  Rig rig(wall_options({crew("a", {"goal"})}));
  rig.event("goal", 2);
  const Effects effects = rig.close(4);
  const auto closed = all_of<SliceClosed>(effects);
  REQUIRE(closed.size() == 5);
  CHECK(closed[0].slice == SliceIndex{0});
  CHECK(closed[4].slice == SliceIndex{4});
  CHECK(closed[2].events == 1);
  CHECK(closed[2].ready == std::vector<CrewId>{{"a"}});
  CHECK(woken(effects) == "a@2");
  CHECK(all_of<PublishSnapshot>(effects).size() == 5);
}

TEST_CASE("wall clock: after a very long stall only slices with work and the last one get a beat") {
  CrewSpec patient = crew("b", {"goal"});
  patient.needs = {needs_crew("a", 0)};
  patient.wait_policy = proto::WaitPolicy::timeout;
  patient.wait_timeout_ms = 1'000'000 * kSliceMs;
  Rig rig(wall_options({crew("a", {"goal"}), patient}));
  rig.event("goal", 0);
  const Effects effects = rig.close(50'000'000);
  std::vector<std::int64_t> slices;
  for (const SliceClosed& closed : all_of<SliceClosed>(effects)) {
    slices.push_back(closed.slice.value);
  }
  CHECK(slices == std::vector<std::int64_t>{0, 1'000'000, 50'000'000});
  CHECK(woken(effects) == "a@0 b@1000000");
  CHECK(rig.engine.open_slice() == SliceIndex{50'000'001});
}

TEST_CASE("wall clock: a late event joins the open slice and says where it belonged") {
  Rig rig(wall_options({crew("a", {"goal"})}));
  rig.close(2);
  const Effects late = rig.event("goal", 1);
  REQUIRE(all_of<EventBinned>(late).size() == 1);
  CHECK(all_of<EventBinned>(late)[0].slice == SliceIndex{3});
  CHECK(all_of<EventBinned>(late)[0].orig_slice == SliceIndex{1});
  const auto dispatched = all_of<Dispatch>(rig.close(3));
  REQUIRE(dispatched.size() == 1);
  CHECK(dispatched[0].ready.events[0].slice == SliceIndex{3});
  CHECK(dispatched[0].ready.events[0].orig_slice == SliceIndex{1});
}

TEST_CASE("wall clock: an event before epoch0 is late") {
  Rig rig(wall_options({crew("a", {"goal"})}));
  const auto binned = all_of<EventBinned>(rig.event_at("goal", kEpoch0 - Micros{1}));
  REQUIRE(binned.size() == 1);
  CHECK(binned[0].slice == SliceIndex{0});
  CHECK(binned[0].orig_slice == SliceIndex{-1});
}

TEST_CASE("wall clock: the other late policies report the event and keep it out of every slice") {
  struct Row {
    proto::LatePolicy policy;
    std::string reason;
    bool has_event;
  };
  const Row rows[] = {{proto::LatePolicy::drop, "event_late_dropped", false},
                      {proto::LatePolicy::dead_letter, "event_dead_letter", true}};
  for (const Row& row : rows) {
    EngineOptions options = wall_options({crew("a", {"goal"})});
    options.late_policy = row.policy;
    Rig rig(options);
    rig.close(2);
    const Effects effects = rig.event("goal", 1);
    CHECK(errors(effects) == row.reason);
    const Json detail = parse_json(all_of<ReportError>(effects)[0].report.detail).value();
    CHECK(as_int(*find(*as_object(detail), "seq")) == 1);
    CHECK(as_int(*find(*as_object(detail), "orig_slice")) == 1);
    CHECK((find(*as_object(detail), "event") != nullptr) == row.has_event);
    CHECK(woken(rig.close(3)).empty());
  }
}

TEST_CASE("wall clock: an early event waits for its slice, one too far ahead is refused") {
  EngineOptions options = wall_options({crew("a", {"goal"})});
  options.future_tolerance_seconds = 2;
  options.skew = millis(-1000);  // the producer's clock is a second ahead of ours
  Rig rig(options);
  CHECK(errors(rig.event_at("goal", kEpoch0 + millis(3000))).empty());
  CHECK(errors(rig.event_at("goal", kEpoch0 + millis(3001))) == "event_too_far_ahead");
  CHECK(woken(rig.engine.step(Tick{at_slice(4)})).empty());
  CHECK(woken(rig.engine.step(Tick{at_slice(5)})) == "a@6");
}

TEST_CASE("wall clock: within a slice events keep their stream order, late ones too") {
  Rig rig(wall_options({crew("a", {"x", "y"})}));
  rig.event("x", 1);  // 1: early
  rig.event("y", 0);  // 2
  rig.close(0);
  rig.event("y", 0);  // 3: late
  rig.event("x", 1);  // 4
  rig.done("a", 0);
  const auto dispatched = all_of<Dispatch>(rig.close(1));
  REQUIRE(dispatched.size() == 1);
  CHECK(seqs(dispatched[0].ready) == "1 3 4");
}

TEST_CASE("wall clock: a snapshot names the last event before which none waits for its slice") {
  Rig rig(wall_options({}));
  rig.event("x", 0);
  rig.event("x", 5);
  rig.event("x", 0);
  CHECK(all_of<PublishSnapshot>(rig.close(0))[0].snapshot.event_seq == StreamSeq{1});
  CHECK(all_of<PublishSnapshot>(rig.close(5)).back().snapshot.event_seq == StreamSeq{3});
}

TEST_CASE("wall clock: an engine that resumes goes on from the snapshot") {
  EngineOptions options = wall_options({crew("a", {"goal"})});
  options.resume = checkpoint_of({.slice = {40},
                                  .revision = {7},
                                  .event_seq = {12},
                                  .lamport = {30},
                                  .context = {{"k", "1"}}});
  Rig rig(options);
  CHECK(rig.engine.open_slice() == SliceIndex{40});
  rig.event("goal", 40);
  const auto dispatched = all_of<Dispatch>(rig.close(40));
  REQUIRE(dispatched.size() == 1);
  CHECK(dispatched[0].ready.ctx == proto::Context{{"k", "1"}});
  CHECK(dispatched[0].ready.ctx_rev == Revision{7});
  CHECK(dispatched[0].ready.lamport == Lamport{31});
}
