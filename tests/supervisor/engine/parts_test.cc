#include <doctest/doctest.h>

#include "supervisor/engine/backlog.h"
#include "supervisor/engine/history.h"
#include "supervisor/engine/slice_clock.h"
#include "tests/supervisor/engine/rig.h"

using namespace lc;
using namespace lc::engine;
using namespace lc::test;

TEST_CASE("slice clock: the last due slice is the one whose due time has come") {
  const SliceClock clock{
      .epoch0 = kEpoch0, .slice = millis(500), .skew = {}, .lateness = millis(20)};
  for (std::int64_t n = -3; n <= 3; ++n) {
    CHECK(clock.last_due(clock.due({n})) == SliceIndex{n});
    CHECK(clock.last_due(clock.due({n}) - Micros{1}) == SliceIndex{n - 1});
  }
}

TEST_CASE("slice clock: strides are counted mathematically, below zero too") {
  struct Row {
    std::int64_t from;
    std::int64_t stride;
    std::int64_t expected;
  };
  const Row rows[] = {{0, 3, 0},   {1, 3, 3},   {3, 3, 3}, {-1, 3, 0},
                      {-3, 3, -3}, {-4, 3, -3}, {7, 1, 7}};
  for (const Row& row : rows) {
    CHECK(stride_from({row.from}, row.stride) == SliceIndex{row.expected});
    CHECK(on_stride({row.expected}, row.stride));
  }
}

TEST_CASE("history: only what somebody awaits is remembered, up to the bound") {
  History history;
  const proto::Need need = needs_event("x", 0);
  history.await(need);
  for (std::int64_t slice = 0; slice < 10'000; ++slice) {
    history.binned({"x"}, {slice});
    history.binned({"y"}, {slice});
  }
  CHECK(history.size() == kHistorySlicesMax);
  CHECK(history.last_until(need, {20'000}) == SliceIndex{9'999});
  CHECK(history.first_from(need, {0}) == SliceIndex{10'000 - 4'096});
  history.forget_before({9'990});
  CHECK(history.size() == 10);
  CHECK(!history.last_until(need, {9'989}));
  CHECK(!history.first_from(needs_event("y", 0), {0}));
}

TEST_CASE("history: the engine forgets what no window can reach") {
  CrewSpec spec = crew("b", {"x"});
  spec.needs = {needs_crew("a", -3)};
  spec.wait_policy = proto::WaitPolicy::all;
  Rig rig(wall_options({crew("a", {"x"}), spec}));
  for (std::int64_t slice = 0; slice < 50; ++slice) {
    rig.event("x", slice);
    rig.close(slice);
    rig.done("a", slice, 1, {}, {{{"big"}, std::string(1000, '1')}});
    rig.done("b", slice);
  }
  rig.event("x", 50);
  const auto dispatched = all_of<Dispatch>(rig.close(50));
  REQUIRE(dispatched.size() == 2);
  CHECK(dispatched[1].ready.needs.at("a").slice == SliceIndex{47});
}

TEST_CASE("backlog: taking it merges the batches in slice order and empties it") {
  Backlog backlog({});
  for (const std::int64_t slice : {3, 3, 5}) {
    CHECK(!backlog.add({slice}, {.seq = {slice * 10}, .slice = {slice}}, Activity::idle));
  }
  CHECK(backlog.batches() == 2);
  CHECK(backlog.trigger() == SliceIndex{3});
  const Taken taken = backlog.take();
  CHECK(taken.events.size() == 3);
  CHECK(taken.events[2].slice == SliceIndex{5});
  CHECK(taken.batches == 2);
  CHECK(backlog.empty());
}

TEST_CASE("backlog: `latest` collapses only while the crew is busy, and counts until it is taken") {
  Backlog backlog({.policy = proto::BacklogPolicy::latest, .batches_max = 256});
  backlog.add({1}, {}, Activity::idle);
  backlog.add({2}, {}, Activity::idle);
  CHECK(backlog.batches() == 2);
  backlog.add({3}, {}, Activity::busy);
  CHECK(backlog.batches() == 1);
  CHECK(backlog.trigger() == SliceIndex{3});
  const Taken taken = backlog.take();
  CHECK(taken.batches_collapsed == 2);
  CHECK(taken.events_collapsed == 2);
  CHECK(backlog.take().batches_collapsed == 0);
}
