// Spares and progress; lifecycle_test.cc has the table.

#include "tests/supervisor/process/life.h"

namespace lc::process {
namespace {

TEST_CASE("A04 a reaction without progress ends before its deadline, one with progress does not") {
  Life life = life_in(State::idle);
  const MonoTime start = life.now;
  life.on({.kind = EventKind::armed, .until = start + seconds(10), .idle = millis(500)});
  CHECK(life.machine.next_deadline() == start + millis(500));
  life.now = start + millis(499);
  life.on(EventKind::progress);
  CHECK(life.machine.next_deadline() == start + millis(999));
  life.at_deadline();
  CHECK(life.machine.state() == State::killing);
  life.gone();
  CHECK(life.last[0].failure.outcome == proto::Outcome::timeout);
  CHECK(life.last[0].failure.words == "told no progress for 500 ms");
  CHECK(life.last[0].failure.deadline == start + millis(999));
}

TEST_CASE("lifecycle: progress never moves the deadline itself") {
  Life life = life_in(State::idle);
  const MonoTime start = life.now;
  life.on({.kind = EventKind::armed, .until = start + millis(600), .idle = millis(500)});
  life.now = start + millis(400);
  life.on(EventKind::progress);
  CHECK(life.machine.next_deadline() == start + millis(600));
  life.at_deadline();
  life.gone();
  CHECK(life.last[0].failure.words == "killed at its deadline");
}

TEST_CASE("lifecycle: a spare that is told to take over while it starts subscribes when it can") {
  Life life;
  life.on(EventKind::demote).on(EventKind::start).on(EventKind::spawned);
  CHECK(life.on(EventKind::promote).last.empty());
  CHECK(life.on(EventKind::standby).last == Orders{{OrderKind::subscribe}});
  CHECK(life.on(EventKind::ready).last == Orders{{OrderKind::report_ready}});
  CHECK(life.machine.role() == Role::active);
}

TEST_CASE("lifecycle: a spare that does not subscribe in time is killed") {
  Life life = life_in(State::standby);
  CHECK_FALSE(life.machine.next_deadline());
  const MonoTime told = life.now;
  CHECK(life.on(EventKind::promote).machine.next_deadline() == told + seconds(2));
  life.at_deadline();
  CHECK(life.machine.state() == State::killing);
  CHECK(life.gone().last[0].failure.outcome == proto::Outcome::init_timeout);
}

TEST_CASE("lifecycle: what is alive does not become a spare") {
  for (const State state : {State::starting, State::idle, State::reacting, State::leaving}) {
    Life life = life_in(state);
    CHECK(life.on(EventKind::demote).machine.role() == Role::active);
  }
}

}  // namespace
}  // namespace lc::process
