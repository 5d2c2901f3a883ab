// What a supervisor finds that takes up a stream which another one left. That an engine made from a
// checkpoint goes on as if nothing had happened is tests/sim's to prove.

#include "supervisor/engine/checkpoint.h"

#include <doctest/doctest.h>

#include "tests/supervisor/engine/rig.h"

using namespace lc;
using namespace lc::engine;
using namespace lc::test;

TEST_CASE("checkpoint: a reaction in flight is dispatched anew, the same order with a new number") {
  const EngineOptions options = wall_options({crew("a", {"x"}), crew("b", {"y"})});
  Rig rig(options);
  rig.event("x", 0);
  proto::Ready before = all_of<Dispatch>(rig.close(0))[0].ready;
  rig.event("x", 1);
  rig.close(1);
  rig.restart(options);
  const Effects effects = rig.resume();
  REQUIRE(all_of<Dispatch>(effects).size() == 1);
  before.attempt = {2};
  CHECK(all_of<Dispatch>(effects)[0].ready == before);

  CHECK(errors(rig.done("a", 0, 1)) == "done_stale");
  CHECK(woken(rig.done("a", 0, 2)) == "a@1");
}

TEST_CASE("checkpoint: a new timeout holds for what is dispatched anew") {
  EngineOptions options = wall_options({crew("a", {"x"})});
  Rig rig(options);
  rig.event("x", 0);
  rig.close(0);
  options.crews[0].timeout_ms = 700;
  rig.restart(options);
  CHECK(all_of<Dispatch>(rig.resume())[0].ready.deadline_ms == 700);
}

TEST_CASE("checkpoint: the ids of actions go on where they stopped within a slice") {
  const EngineOptions options = wall_options({eager("a", {"x"})});
  const std::vector<proto::ActionDraft> two{{{"say"}, "1"}, {{"say"}, "2"}};
  Rig rig(options);
  rig.event("x", 0);
  CHECK(all_of<PublishAction>(rig.done("a", 0, 1, {}, two))[1].msg_id == "s.0.a.1");
  rig.restart(options);
  rig.resume();
  rig.event("x", 0);
  CHECK(all_of<PublishAction>(rig.done("a", 0, 2, {}, two))[0].msg_id == "s.0.a.2");
}

TEST_CASE("checkpoint: work of a crew without a file is dropped and told") {
  Rig rig(wall_options({crew("a", {"x"}), crew("b", {"x"})}));
  rig.event("x", 0);
  rig.close(0);
  rig.event("x", 1);
  rig.event("x", 1);
  rig.close(1);
  rig.restart(wall_options({crew("b", {"x"})}));
  const Effects effects = rig.resume();
  CHECK(errors(effects) == "crew_removed");
  CHECK(detail_of(effects, "crew_removed") == R"({"batches":1,"in_flight":true,"events":3})");
  CHECK(woken(effects) == "b@0");
  CHECK(rig.resume().size() == 1);  // told once; what is in flight is dispatched again
}

TEST_CASE("checkpoint: a crew that failures disabled comes back when its file has changed") {
  CrewSpec failing = crew("a", {"x"});
  failing.max_errors = 1;
  failing.fingerprint = 1;
  CrewSpec ordered = crew("b", {"x"});
  ordered.fingerprint = 1;
  Rig rig(wall_options({failing, ordered}));
  rig.event("x", 0);
  rig.close(0);
  rig.failed("a", 0);
  rig.disable("b");
  SUBCASE("an unchanged file keeps it disabled") {
    rig.restart(wall_options({failing, ordered}));
    const Effects effects = rig.resume();
    CHECK(all_of<CrewEnabled>(effects).empty());
    CHECK_FALSE(rig.engine.crews()[0].enabled);
    CHECK(rig.engine.crews()[0].disabled_why == "1 consecutive failure");
  }
  SUBCASE("a changed one enables it, and not what an operator disabled") {
    failing.fingerprint = 2;
    ordered.fingerprint = 2;
    rig.restart(wall_options({failing, ordered}));
    const auto enabled = all_of<CrewEnabled>(rig.resume());
    REQUIRE(enabled.size() == 1);
    CHECK(enabled[0].crew == CrewId{"a"});
    CHECK(rig.engine.crews()[0].strikes == 0);
    CHECK_FALSE(rig.engine.crews()[1].enabled);
  }
}

TEST_CASE("checkpoint: a reaction that a disabled crew still had ends, and is no strike") {
  const EngineOptions options = wall_options({crew("a", {"x"})});
  Rig rig(options);
  rig.event("x", 0);
  rig.close(0);
  rig.disable("a");
  rig.restart(options);
  const Effects effects = rig.resume();
  const auto ended = all_of<ReactionEnded>(effects);
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].outcome == proto::Outcome::admin);
  CHECK(rig.engine.reactions_in_flight() == 0);
}

TEST_CASE("checkpoint: an input that had ended goes on when more comes") {
  const EngineOptions options = event_options({crew("a", {"x"})});
  Rig rig(options);
  rig.event("x", 0);
  rig.end();
  CHECK(all_of<Finished>(rig.done("a", 0)).size() == 1);
  rig.restart(options);
  rig.resume();
  rig.event("x", 3);
  CHECK(woken(rig.end()) == "a@3");
}
