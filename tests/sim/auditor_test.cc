// A watcher that never complains proves nothing: each promise is broken once, by hand.

#include <doctest/doctest.h>

#include <functional>

#include "tests/sim/auditor.h"
#include "tests/supervisor/engine/rig.h"

using namespace lc;
using namespace lc::engine;
using namespace lc::sim;

namespace {

EngineOptions options() {
  CrewSpec waits = test::crew("b", {"x"});
  waits.needs = {test::needs_crew("a", 0)};
  waits.wait_policy = proto::WaitPolicy::all;
  CrewSpec strides = test::crew("c", {"x"});
  strides.slice_stride = 2;
  EngineOptions made = test::wall_options({test::crew("a", {"x"}), waits, strides});
  made.ctx_max_bytes = 20;
  return made;
}

// One event in slice 0, whose beat dispatches a and c; what `tamper` makes of the beat's effects is
// shown to the auditor.
std::vector<std::string> violations_after(const std::function<void(Effects&)>& tamper) {
  Engine engine(options());
  Auditor auditor(options());
  const Input event = EventArrived{test::kEpoch0, {1}, test::kEpoch0, {"x"}, "{}"};
  auditor.observe(event, engine.step(event));
  const Input tick = Tick{test::at_slice(1)};
  Effects effects = engine.step(tick);
  tamper(effects);
  auditor.observe(tick, effects);
  auditor.compare(engine);
  auditor.expect_all_settled();
  return auditor.violations();
}

template <class T>
T& first(Effects& effects) {
  for (Effect& effect : effects) {
    if (T* found = std::get_if<T>(&effect)) {
      return *found;
    }
  }
  FAIL("no such effect");
  std::abort();
}

}  // namespace

TEST_CASE("auditor: an honest engine gives no complaint") {
  CHECK(violations_after([](Effects&) {}).empty());
}

TEST_CASE("auditor: every broken promise is noticed") {
  struct Row {
    std::string what;
    std::function<void(Effects&)> tamper;
  };
  const Row rows[] = {
      {"two reactions in flight", [](Effects& e) { e.push_back(first<Dispatch>(e)); }},
      {"an event given that was not owed",
       [](Effects& e) { first<Dispatch>(e).ready.events.push_back({.seq = {9}, .text = "{}"}); }},
      {"an event lost", [](Effects& e) { first<Dispatch>(e).ready.events.clear(); }},
      {"needs that do not hold", [](Effects& e) { first<Dispatch>(e).ready.crew = {"b"}; }},
      {"a wrong attempt", [](Effects& e) { first<Dispatch>(e).ready.attempt = {2}; }},
      {"a need said to be missing", [](Effects& e) { first<Dispatch>(e).ready.missing = {"z@0"}; }},
      {"a stale context", [](Effects& e) { first<Dispatch>(e).ready.ctx_rev = {7}; }},
      {"a context over its cap",
       [](Effects& e) {
         first<PublishSnapshot>(e).snapshot.context = {{"k", "12345678901234567890"}};
       }},
      {"a crew that is kept waiting",
       [](Effects& e) {
         std::erase_if(
             e, [](const Effect& effect) { return std::holds_alternative<Dispatch>(effect); });
       }},
      {"an end of what never began",
       [](Effects& e) { e.push_back(ReactionEnded{{"b"}, {0}, {1}, proto::Outcome::ok}); }},
      {"a drop that is counted wrong",
       [](Effects& e) {
         e.push_back(ReportError{{.reason = "disabled",
                                  .message = {},
                                  .crew = CrewId{"b"},
                                  .slice = {},
                                  .detail = R"({"events":3})"}});
       }},
      {"an event binned twice", [](Effects& e) { e.push_back(EventBinned{{1}, {1}, {}}); }},
      {"an event in a closed slice", [](Effects& e) { e.push_back(EventBinned{{1}, {-1}, {}}); }},
      {"a slice that closes twice", [](Effects& e) { e.push_back(first<SliceClosed>(e)); }},
      {"events miscounted", [](Effects& e) { first<SliceClosed>(e).events = 5; }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK(!violations_after(row.tamper).empty());
  }
}
