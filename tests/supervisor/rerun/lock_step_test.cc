#include "supervisor/rerun/lock_step.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>

#include "tests/sim/random.h"
#include "tests/supervisor/rerun/tapes.h"

using namespace lc;
using namespace lc::engine;
using namespace lc::rerun;
using namespace lc::sim;

namespace {

constexpr std::uint64_t kSeeds = 20;

// What the simulated worker answers to an order.
Input answer_of(const Scenario& scenario, const proto::Ready& ready) {
  Behaviour does = behave(scenario, ready);
  if (does.outcome == proto::Outcome::ok) {
    return ReactionDone{.crew = ready.crew,
                        .slice = ready.slice,
                        .attempt = ready.attempt,
                        .lamport = {does.lamport},
                        .diff = std::move(does.diff),
                        .actions = std::move(does.actions)};
  }
  return ReactionFailed{.crew = ready.crew,
                        .slice = ready.slice,
                        .attempt = ready.attempt,
                        .outcome = does.outcome,
                        .detail = "simulated"};
}

// Plays a tape with every crew real; who answers first is chance.
Played play_for_real(const Tape& tape, const Scenario& scenario, std::uint64_t speed_seed) {
  Random dice(speed_seed);
  ReactionLog log;
  Cast cast;
  for (const CrewSpec& spec : scenario.options.crews) {
    cast.real.insert(spec.crew);
  }
  const Stretch& stretch = tape.stretches.front();
  LockStep play(stretch, LockStep::Then::end, cast, stretch.run,
                [&log](const Input& input, const Effects& effects) { log.step(input, effects); });
  std::deque<proto::Ready> open;
  while (!play.is_done()) {
    for (const Effect& effect : play.go()) {
      if (const auto* dispatch = std::get_if<Dispatch>(&effect)) {
        open.push_back(dispatch->ready);
      }
    }
    if (play.is_done()) {
      break;
    }
    REQUIRE(!open.empty());
    const auto which = open.begin() + dice.within(0, static_cast<std::int64_t>(open.size()) - 1);
    play.answer(answer_of(scenario, *which));
    open.erase(which);
  }
  log.end(play.engine().snapshot().context, play.run());
  return {.lines = log.take(), .run_of_tape = play.run_of_tape(), .unknown = play.unknown()};
}

// A stretch with one crew that `goal` wakes, and goals in these slices.
Stretch stretch_of(const std::vector<std::int64_t>& slices) {
  Stretch stretch{.options = {.stream = {"m1"},
                              .epoch0 = {0},
                              .clock = proto::ClockMode::event,
                              .crews = {{.crew = {"a"}, .triggers = {{"goal"}}}}}};
  for (const std::int64_t slice : slices) {
    const WallTime ts = slice_start({slice}, {0}, millis(500));
    const auto seq = static_cast<std::int64_t>(stretch.items.size()) + 1;
    stretch.items.push_back({EventArrived{{}, {seq}, ts, {"goal"}, "{}"}, {slice}});
  }
  return stretch;
}

ReactionDone done(std::int64_t slice, std::int64_t attempt, std::int64_t value) {
  return {.crew = {"a"},
          .slice = {slice},
          .attempt = {attempt},
          .diff = {.set = {{"k", std::to_string(value)}}, .remove = {}}};
}

RunLines play(const Stretch& stretch) {
  ReactionLog log;
  LockStep play(stretch, LockStep::Then::end, {}, {},
                [&log](const Input& input, const Effects& effects) { log.step(input, effects); });
  CHECK(play.go().empty());
  CHECK(play.is_done());
  log.end(play.engine().snapshot().context, play.run());
  return log.take();
}

}  // namespace

TEST_CASE("lock step: a tape of the event clock that answers itself is the recorded run") {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    INFO("seed ", seed);
    const Tape tape = plain_tape(seed, proto::ClockMode::event);
    const Played played = play_tape(tape);
    CHECK(to_hex(played.run_of_tape) == to_hex(tape.run));
    CHECK(played.unknown == 0);
    CHECK(!played.lines.reactions.empty());
  }
}

TEST_CASE("lock step: real crews that do the same give the recorded run, at any speed") {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    INFO("seed ", seed);
    const Scenario scenario = make_scenario(seed, proto::ClockMode::event);
    const Tape tape = plain_tape(seed, proto::ClockMode::event);
    const Played slow = play_for_real(tape, scenario, 1);
    const Played fast = play_for_real(tape, scenario, 2);
    CHECK(to_hex(slow.run_of_tape) == to_hex(tape.run));
    CHECK(write_lines(slow.lines) == write_lines(fast.lines));
  }
}

TEST_CASE("lock step: a tape of the wall clock gives the same lines each time") {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    INFO("seed ", seed);
    const Tape tape = tape_of(journal_of(seed, proto::ClockMode::wall));
    const Played one = play_tape(tape);
    const Played two = play_tape(tape);
    CHECK(write_lines(one.lines) == write_lines(two.lines));
    CHECK(one.unknown == two.unknown);
    CHECK(!one.lines.reactions.empty());
  }
}

TEST_CASE("lock step: what the tape does not have fails as such, and is no strike") {
  Stretch stretch = stretch_of({0, 2, 4, 6, 8, 10});
  stretch.answers[{{"a"}, {10}}] = {{done(10, 1, 5)}};
  std::int64_t strikes = 0;
  ReactionLog log;
  LockStep play(stretch, LockStep::Then::end, {}, {},
                [&](const Input& input, const Effects& effects) {
                  log.step(input, effects);
                  for (const Effect& effect : effects) {
                    strikes += std::holds_alternative<CrewStruck>(effect) ? 1 : 0;
                  }
                });
  play.go();
  CHECK(play.unknown() == 5);
  CHECK(strikes == 0);
  const RunLines& lines = log.lines();
  REQUIRE(lines.reactions.size() == 6);
  CHECK(lines.reactions[0].text.find("not on the tape: crew 'a' did not react at all in slice 0") !=
        std::string::npos);
  CHECK(lines.reactions[5].text.find(R"("status":"ok")") != std::string::npos);
}

TEST_CASE("lock step: the answer of a reaction is that of its slice, whatever its attempt was") {
  Stretch stretch = stretch_of({0, 2});
  stretch.answers[{{"a"}, {0}}] = {{done(0, 7, 1)}};
  stretch.answers[{{"a"}, {2}}] = {{ReactionFailed{.crew = {"a"},
                                                   .slice = {2},
                                                   .attempt = {3},
                                                   .outcome = proto::Outcome::oom,
                                                   .detail = "too much"}}};
  const RunLines lines = play(stretch);
  REQUIRE(lines.reactions.size() == 2);
  CHECK(lines.reactions[0].text ==
        R"({"slice":0,"crew":"a","status":"ok","diff":{"set":{"k":1},"delete":[]},"actions":[]})");
  CHECK(lines.reactions[1].text == R"({"slice":2,"crew":"a","status":"oom","error":"too much"})");
  CHECK(lines.context == R"({"k":1})");
}

TEST_CASE("lock step: what was in flight at the beginning is ordered once") {
  for (const bool taken_up : {false, true}) {
    Stretch stretch = stretch_of({4});
    Reaction reaction;
    reaction.ready.crew = {"a"};
    reaction.ready.slice = {1};
    reaction.ready.attempt = {1};
    stretch.state.crews[{"a"}].in_flight = reaction;
    stretch.state.crews[{"a"}].attempts = 1;
    stretch.state.crews[{"a"}].last_slice = {1};
    stretch.state.snapshot.slice = {2};
    stretch.answers[{{"a"}, {1}}] = {{done(1, 1, 1)}};
    stretch.answers[{{"a"}, {4}}] = {{done(4, 1, 4)}};
    if (taken_up) {
      stretch.items.insert(stretch.items.begin(), {Resumed{}, {2}});
    }
    const RunLines lines = play(stretch);
    REQUIRE(lines.reactions.size() == 2);
    CHECK(lines.reactions[0].slice == SliceIndex{1});
    CHECK(lines.context == R"({"k":4})");
  }
}

TEST_CASE("lock step: what a disabled crew had in flight ends, and no worker is waited for") {
  Stretch stretch = stretch_of({4});
  CrewCheckpoint& crew = stretch.state.crews[{"a"}];
  crew.in_flight.emplace();
  crew.in_flight->ready.crew = {"a"};
  crew.in_flight->ready.slice = {1};
  crew.in_flight->ready.attempt = {1};
  crew.enabled = false;
  crew.disabled_why = "by operator";
  stretch.state.snapshot.slice = {2};
  ReactionLog log;
  LockStep play(stretch, LockStep::Then::end, {.crews = {}, .real = {{"a"}}}, {},
                [&log](const Input& input, const Effects& effects) { log.step(input, effects); });
  CHECK(play.go().empty());
  CHECK(play.is_done());
  REQUIRE(log.lines().reactions.size() == 1);
  CHECK(log.lines().reactions[0].text ==
        R"({"slice":1,"crew":"a","status":"admin","error":"the crew was disabled: by operator"})");
}

TEST_CASE("lock step: orders and settings come between the same events") {
  Stretch stretch = stretch_of({0, 2, 4, 6});
  for (const std::int64_t slice : {0, 2, 4, 6}) {
    stretch.answers[{{"a"}, {slice}}] = {{done(slice, 1, slice)}};
  }
  CHECK(play(stretch).reactions.size() == 4);
  Stretch ordered = stretch;
  ordered.items.insert(ordered.items.begin() + 3, {EnableCrew{.crew = {"a"}}, {4}});
  ordered.items.insert(ordered.items.begin() + 1, {DisableCrew{.crew = {"a"}, .why = "no"}, {0}});
  const RunLines lines = play(ordered);
  REQUIRE(lines.reactions.size() == 2);  // slice 4 closes after the second order
  CHECK(lines.reactions[0].slice == SliceIndex{4});
  EngineOptions narrow = stretch.options;
  narrow.ctx_max_bytes = 2;
  stretch.items.insert(stretch.items.begin() + 2, {NewSettings{narrow}, {2}});
  CHECK(play(stretch).context == "{}");
}

TEST_CASE("lock step: a real crew is awaited, the others are not asked for") {
  Stretch stretch = stretch_of({0, 2});
  stretch.options.crews.push_back({.crew = {"b"}, .triggers = {{"goal"}}});
  stretch.answers[{{"a"}, {0}}] = {{done(0, 1, 1)}};
  stretch.answers[{{"a"}, {2}}] = {{done(2, 1, 2)}};
  LockStep play(stretch, LockStep::Then::end, {.crews = {}, .real = {{"b"}}}, {}, {});
  for (const std::int64_t slice : {0, 2}) {
    const Effects orders = play.go();
    REQUIRE(orders.size() == 1);
    const proto::Ready& ready = std::get<Dispatch>(orders[0]).ready;
    CHECK(ready.crew == CrewId{"b"});
    CHECK(ready.slice == SliceIndex{slice});
    CHECK(!play.is_done());
    CHECK(play.go().empty());
    play.answer(ReactionDone{.crew = ready.crew, .slice = ready.slice, .attempt = ready.attempt});
  }
  CHECK(play.go().empty());
  CHECK(play.is_done());
  CHECK(play.unknown() == 0);
}
