#include <doctest/doctest.h>

#include <limits>

#include "tests/supervisor/engine/rig.h"

using namespace lc;
using namespace lc::engine;
using namespace lc::test;

namespace {

proto::ContextDiff sets(std::string key, std::string value) {
  return {.set = {{std::move(key), std::move(value)}}, .remove = {}};
}

}  // namespace

TEST_CASE("reactions: a busy crew queues, and gets all that waited when it is idle") {
  Rig rig(wall_options({crew("a", {"x"})}));
  for (std::int64_t slice = 0; slice < 3; ++slice) {
    rig.event("x", slice);
    rig.event("x", slice);
    const Effects effects = rig.close(slice);
    CHECK(woken(effects) == (slice == 0 ? "a@0" : ""));
    if (slice > 0) {
      CHECK(all_of<SliceClosed>(effects)[0].waiting == std::vector<CrewWaiting>{{{"a"}, {"busy"}}});
    }
  }
  const auto dispatched = all_of<Dispatch>(rig.done("a", 0));
  REQUIRE(dispatched.size() == 1);
  CHECK(dispatched[0].ready.slice == SliceIndex{2});
  CHECK(seqs(dispatched[0].ready) == "3 4 5 6");
}

TEST_CASE("reactions: `latest` keeps the newest batch of a busy crew and counts what it gave up") {
  CrewSpec spec = crew("a", {"x"});
  spec.backlog_policy = proto::BacklogPolicy::latest;
  Rig rig(wall_options({spec}));
  for (std::int64_t slice = 0; slice < 4; ++slice) {
    rig.event("x", slice);
    rig.event("x", slice);
    rig.close(slice);
  }
  const Effects effects = rig.done("a", 0);
  CHECK(seqs(all_of<Dispatch>(effects)[0].ready) == "7 8");
  CHECK(errors(effects) == "backlog_collapsed");
  CHECK(detail_of(effects, "backlog_collapsed") == R"({"batches":2,"events":4})");
}

TEST_CASE("reactions: over the bound the oldest batch is dropped and reported") {
  EngineOptions options = wall_options({crew("a", {"x"})});
  options.backlog_max_batches = 2;
  Rig rig(options);
  std::string reasons;
  for (std::int64_t slice = 0; slice < 4; ++slice) {
    rig.event("x", slice);
    reasons += errors(rig.close(slice));
  }
  CHECK(reasons == "backlog_overflow");
  CHECK(rig.engine.crews()[0].batches_pending == 2);
  CHECK(seqs(all_of<Dispatch>(rig.done("a", 0))[0].ready) == "3 4");
}

TEST_CASE("reactions: a stride crew runs only at its beats, below zero too") {
  for (const std::int64_t start : {0L, -8L}) {
    CrewSpec spec = crew("a", {"x"});
    spec.slice_stride = 4;
    EngineOptions options = wall_options({spec});
    options.resume = checkpoint_of({.slice = {start + 1}});
    Rig rig(options);
    rig.event("x", start + 1);
    const Effects waits = rig.close(start + 3);
    CHECK(woken(waits).empty());
    CHECK(all_of<SliceClosed>(waits).back().waiting ==
          std::vector<CrewWaiting>{{{"a"}, {"stride"}}});
    CHECK(woken(rig.close(start + 5)) == "a@" + std::to_string(start + 4));
  }
}

TEST_CASE("reactions: a stride crew that ends between its beats waits for the next") {
  CrewSpec spec = crew("a", {"x"});
  spec.slice_stride = 2;
  Rig rig(wall_options({spec}));
  rig.event("x", 0);
  rig.close(0);
  rig.event("x", 1);
  rig.close(1);
  CHECK(woken(rig.done("a", 0)).empty());
  CHECK(woken(rig.close(2)) == "a@2");
}

TEST_CASE("reactions: an eager crew is woken by the event itself, and not again at the beat") {
  Rig rig(wall_options({eager("a", {"x"})}));
  CHECK(woken(rig.event("x", 0)) == "a@0");
  CHECK(rig.event("x", 0).size() == 1);  // binned; the crew is busy
  const Effects second = rig.done("a", 0);
  CHECK(woken(second) == "a@0");
  CHECK(all_of<Dispatch>(second)[0].ready.attempt == Attempt{2});
  CHECK(seqs(all_of<Dispatch>(second)[0].ready) == "2");
  rig.done("a", 0, 2);
  CHECK(woken(rig.close(0)).empty());
}

TEST_CASE(
    "reactions: an eager crew sees late events at once and early ones when their slice opens") {
  Rig rig(wall_options({eager("a", {"x"})}));
  rig.close(4);
  CHECK(woken(rig.event("x", 2)) == "a@5");
  rig.done("a", 5);
  CHECK(woken(rig.event("x", 7)).empty());
  const Effects opens = rig.close(6);
  CHECK(woken(opens) == "a@7");
  CHECK(std::holds_alternative<Dispatch>(opens.back()));
}

TEST_CASE("reactions: an eager crew runs when the event that it needs arrives") {
  CrewSpec spec = eager("a", {"x"});
  spec.needs = {needs_event("y", 0)};
  spec.wait_policy = proto::WaitPolicy::all;
  Rig rig(wall_options({spec}));
  CHECK(woken(rig.event("x", 0)).empty());
  CHECK(woken(rig.event("y", 0)) == "a@0");
}

TEST_CASE("reactions: an eager crew reads the latest committed context") {
  Rig rig(wall_options({eager("a", {"x"}), crew("b", {"w"})}));
  rig.event("w", 0);
  rig.close(0);
  rig.done("b", 0, 1, sets("k", "1"));
  CHECK(all_of<Dispatch>(rig.event("x", 1))[0].ready.ctx.empty());
  rig.done("a", 1);
  rig.close(1);
  CHECK(all_of<Dispatch>(rig.event("x", 2))[0].ready.ctx == proto::Context{{"k", "1"}});
}

TEST_CASE("reactions: an answer that fits nothing in flight changes nothing") {
  Rig rig(wall_options({crew("a", {"x"})}));
  rig.event("x", 0);
  rig.close(0);
  CHECK(errors(rig.done("a", 1, 1, sets("k", "1"))) == "done_stale");
  CHECK(errors(rig.done("a", 0, 2, sets("k", "1"))) == "done_stale");
  CHECK(errors(rig.done("nobody", 0)) == "done_stale");
  CHECK(rig.failed("a", 0, 2).empty());
  CHECK(errors(rig.done("a", 0)).empty());
  CHECK(errors(rig.done("a", 0, 1, sets("k", "1"))) == "done_stale");
  CHECK(all_of<PublishSnapshot>(rig.close(1))[0].snapshot.context.empty());
}

TEST_CASE("reactions: actions are numbered over all reactions of a crew in a slice") {
  Rig rig(wall_options({eager("a", {"x"})}));
  const std::vector<proto::ActionDraft> two = {{{"k"}, "1"}, {{"k"}, "2"}};
  rig.event("x", 0);
  rig.event("x", 0);
  const auto first = all_of<PublishAction>(rig.done("a", 0, 1, {}, two));
  const auto second = all_of<PublishAction>(rig.done("a", 0, 2, {}, two));
  CHECK(first[1].msg_id == "s.0.a.1");
  CHECK(second[0].msg_id == "s.0.a.2");
  CHECK(second[0].action.stream == StreamId{"s"});
  CHECK(second[0].action.payload == "1");
}

TEST_CASE("reactions: consecutive strikes disable a crew, a success in between resets them") {
  Rig rig(wall_options({crew("a", {"x"})}));
  const char* outcomes = "ffofff";
  std::int64_t slice = 0;
  Effects effects;
  for (const char* outcome = outcomes; *outcome != '\0'; ++outcome, ++slice) {
    rig.event("x", slice);
    rig.close(slice);
    effects = *outcome == 'f' ? rig.failed("a", slice) : rig.done("a", slice);
    CHECK(all_of<ReactionEnded>(effects).size() == 1);
  }
  CHECK(errors(effects) == "reaction_failed disabled");
  CHECK(detail_of(effects, "reaction_failed") ==
        R"({"outcome":"error","detail":"it broke","events":1,"strikes":3,"max_errors":3})");
  CHECK(all_of<CrewDisabled>(effects).size() == 1);
  CHECK(!rig.engine.crews()[0].enabled);
  CHECK(rig.engine.crews()[0].disabled_why == "3 consecutive failures");
  rig.event("x", slice);
  CHECK(woken(rig.close(slice)).empty());
  CHECK(all_of<CrewEnabled>(rig.enable("a")).size() == 1);
  CHECK(rig.engine.crews()[0].strikes == 0);
  rig.event("x", slice + 1);
  CHECK(woken(rig.close(slice + 1)) == "a@" + std::to_string(slice + 1));
}

TEST_CASE("reactions: our own failures and an operator's stop are no strikes") {
  for (const proto::Outcome outcome :
       {proto::Outcome::admin, proto::Outcome::shutdown, proto::Outcome::spawn_failed}) {
    Rig rig(wall_options({crew("a", {"x"})}));
    rig.event("x", 0);
    rig.close(0);
    CHECK(errors(rig.failed("a", 0, 1, outcome)) == "reaction_failed");
    CHECK(rig.engine.crews()[0].strikes == 0);
  }
}

TEST_CASE("reactions: a worker that dies idle counts, and disabling says what was dropped") {
  CrewSpec spec = crew("a", {"x"});
  spec.needs = {needs_event("y", 0)};
  spec.wait_policy = proto::WaitPolicy::all;
  spec.max_errors = 2;
  Rig rig(wall_options({spec}));
  rig.event("x", 0);
  rig.event("x", 0);
  rig.close(0);
  const IdleFailure died{kEpoch0, {"a"}, proto::Outcome::oom, "killed"};
  CHECK(errors(rig.engine.step(died)) == "worker_failed");
  const Effects effects = rig.engine.step(died);
  CHECK(errors(effects) == "worker_failed disabled");
  CHECK(detail_of(effects, "disabled") ==
        R"({"why":"2 consecutive failures","strikes":2,"batches":1,"events":2})");
  CHECK(errors(rig.engine.step(died)) == "worker_failed");
  CHECK(rig.engine.crews()[0].strikes == 2);
}

TEST_CASE("reactions: an operator disables once, and the answer in flight still counts") {
  Rig rig(wall_options({crew("a", {"x"})}));
  rig.event("x", 0);
  rig.close(0);
  CHECK(errors(rig.disable("a")) == "disabled");
  CHECK(rig.disable("a").empty());
  CHECK(rig.disable("nobody").empty());
  CHECK(rig.enable("nobody").empty());
  CHECK(rig.engine.reactions_in_flight() == 1);
  rig.done("a", 0, 1, sets("k", "1"));
  CHECK(all_of<PublishSnapshot>(rig.close(1))[0].snapshot.context == proto::Context{{"k", "1"}});
}

TEST_CASE("reactions: diffs become the context at the next beat; the revision counts changes") {
  Rig rig(wall_options({crew("a", {"x"}), crew("b", {"x"})}));
  rig.event("x", 0);
  rig.close(0);
  rig.done("b", 0, 1, sets("k", "\"b\""));
  rig.done("a", 0, 1, sets("k", "\"a\""));
  const Effects effects = rig.close(1);
  const auto published = all_of<PublishSnapshot>(effects);
  CHECK(published[0].snapshot.context == proto::Context{{"k", "\"b\""}});
  CHECK(published[0].snapshot.revision == Revision{1});
  CHECK(published[0].snapshot.slice == SliceIndex{2});
  CHECK(errors(effects) == "context_conflict");
  CHECK(detail_of(effects, "context_conflict") ==
        R"({"key":"k","winner":"b","loser":"a","losing_value":"a"})");
  CHECK(all_of<PublishSnapshot>(rig.close(2))[0].change == SnapshotChange::same);
  CHECK(rig.engine.snapshot().revision == Revision{1});
}

TEST_CASE("reactions: a context over its cap is truncated and says whose keys went") {
  EngineOptions options = wall_options({crew("a", {"x"})});
  options.ctx_max_bytes = 10;
  Rig rig(options);
  rig.event("x", 0);
  rig.close(0);
  rig.done("a", 0, 1, {.set = {{"k", "1"}, {"l", "123456"}}, .remove = {}});
  const Effects effects = rig.close(1);
  CHECK(errors(effects) == "ctx_size");
  CHECK(detail_of(effects, "ctx_size") == R"({"bytes_max":10,"size_before":18,"size_after":7,)"
                                          R"("dropped":[{"key":"l","crew":"a","bytes":10}]})");
  CHECK(rig.engine.snapshot().context == proto::Context{{"k", "1"}});
}

TEST_CASE("reactions: the logical clock grows past every answer, but no answer can use it up") {
  Rig rig(wall_options({crew("a", {"x"})}));
  const auto answer = [&rig](std::int64_t slice, std::int64_t lamport) {
    rig.event("x", slice);
    const Effects effects = rig.close(slice);
    rig.engine.step(ReactionDone{kEpoch0, {"a"}, {slice}, {1}, {lamport}, {}, {}});
    return all_of<Dispatch>(effects)[0].ready.lamport.value;
  };
  CHECK(answer(0, 50) == 1);
  CHECK(answer(1, std::numeric_limits<std::int64_t>::max()) == 52);
  CHECK(answer(2, 0) == 52 + 1'000'000 + 2);
}

TEST_CASE("reactions: what was dispatched carries the crew's budget and the stream's time") {
  CrewSpec spec = crew("a", {"x"});
  spec.timeout_ms = 250;
  Rig rig(wall_options({spec}));
  rig.event("x", 0);
  const proto::Ready ready = all_of<Dispatch>(rig.close(0))[0].ready;
  CHECK(ready.deadline_ms == 250);
  CHECK(ready.epoch0 == kEpoch0);
  CHECK(ready.slice_ms == kSliceMs);
  CHECK(ready.attempt == Attempt{1});
  CHECK(ready.nonce.empty());
}

TEST_CASE("reactions: a lost one is dispatched anew, no strike, and its late answer is refused") {
  Rig rig(wall_options({crew("a", {"x"})}));
  rig.event("x", 0);
  proto::Ready before = all_of<Dispatch>(rig.close(0))[0].ready;
  const Effects effects = rig.lost("a", 0);
  CHECK(errors(effects) == "reaction_lost");
  CHECK(detail_of(effects, "reaction_lost") == R"({"why":"its host is gone","attempt":1})");
  REQUIRE(all_of<Dispatch>(effects).size() == 1);
  before.attempt = {2};
  CHECK(all_of<Dispatch>(effects)[0].ready == before);
  CHECK(rig.engine.crews()[0].strikes == 0);
  CHECK(errors(rig.done("a", 0, 1)) == "done_stale");
  CHECK(rig.lost("a", 0, 1).empty());  // that one is over
  CHECK(all_of<ReactionEnded>(rig.done("a", 0, 2)).size() == 1);
  CHECK(rig.lost("a", 0, 2).empty());
}

TEST_CASE("reactions: what a crew loses that was disabled meanwhile has ended") {
  Rig rig(wall_options({crew("a", {"x"})}));
  rig.event("x", 0);
  rig.close(0);
  rig.disable("a");
  const Effects effects = rig.lost("a", 0);
  CHECK(errors(effects) == "reaction_lost reaction_failed");
  CHECK(all_of<Dispatch>(effects).empty());
  CHECK(rig.engine.reactions_in_flight() == 0);
}

TEST_CASE("reactions: with the event clock a lost one holds its phase until it ends") {
  Rig rig(event_options({crew("a", {"x"}), crew("b", {"x"})}));
  rig.event("x", 0);
  rig.event("x", 1);
  rig.done("b", 0);
  CHECK(woken(rig.lost("a", 0)) == "a@0");
  CHECK(woken(rig.done("a", 0, 2)) == "");
  CHECK(woken(rig.event("x", 2)) == "a@1 b@1");
}
