#include "supervisor/process/lifecycle.h"

#include <doctest/doctest.h>

#include <csignal>
#include <string>
#include <vector>

#include "tests/supervisor/process/life.h"

namespace lc::process {
namespace {

char letter(OrderKind kind) {
  switch (kind) {
    case OrderKind::spawn:
      return 'S';
    case OrderKind::close_stdin:
      return 'C';
    case OrderKind::subscribe:
      return 'U';
    case OrderKind::kill_tree:
      return 'K';
    case OrderKind::report_ready:
      return 'R';
    case OrderKind::report_reaction_failed:
      return 'F';
    case OrderKind::report_idle_failure:
      return 'I';
  }
  return '?';
}

/// The cell of the table: the next state and the orders; `.` is "the same state".
std::string answer(State from, EventKind kind) {
  Life life = life_in(from);
  if (kind == EventKind::deadline) {
    life.at_deadline();
  } else {
    life.on(kind);
  }
  const State to = life.machine.state();
  std::string cell = to == from ? "." : std::string(to_string(to));
  if (!life.last.empty()) {
    cell += ' ';
  }
  for (const Order& order : life.last) {
    cell += letter(order.kind);
  }
  return cell;
}

TEST_CASE("lifecycle: every state answers every event as the table says") {
  const std::vector<EventKind> events = {
      EventKind::start,   EventKind::enable,       EventKind::disable,   EventKind::shutdown,
      EventKind::spawned, EventKind::spawn_failed, EventKind::standby,   EventKind::ready,
      EventKind::failed,  EventKind::armed,        EventKind::progress,  EventKind::disarmed,
      EventKind::broken,  EventKind::exited,       EventKind::tree_gone, EventKind::promote,
      EventKind::demote,  EventKind::deadline};
  struct Row {
    State state;
    std::vector<std::string> cells;
  };
  // clang-format off
  const std::vector<Row> table = {
      // start, enable, disable, shutdown, spawned, spawn_failed, standby, ready, failed,
      // armed, progress, disarmed, broken, exited, tree_gone, promote, demote, deadline
      {State::stopped,
       {"spawning S", "spawning S", "disabled", ".", "killing K", ".", ".", ".", ".",
        ". F", ".", ".", ".", ".", ".", ".", ".", "."}},
      {State::spawning,
       {".", ".", "disabled", "stopped", "starting", ". IS", ".", ".", ".",
        ". F", ".", ".", ".", ".", ".", ".", ".", "."}},
      {State::starting,
       {".", ".", "killing K", "leaving C", ".", ".", ". U", "idle R", ".",
        ". F", ".", ".", "killing K", "killing K", ".", ".", ".", "killing K"}},
      {State::standby,
       {".", ".", "killing K", "leaving C", ".", ".", ".", ".", ".",
        ". F", ".", ".", "killing K", "killing K", ".", "starting U", ".", "."}},
      {State::idle,
       {".", ".", "killing K", "leaving C", ".", ".", ".", ".", ".",
        "reacting", ".", ".", "killing K", "killing K", ".", ".", ".", "."}},
      {State::reacting,
       {".", ".", "killing K", "leaving C", ".", ".", ".", ".", ".",
        ".", ".", "idle", "killing K", "killing K", ".", ".", ".", "killing K"}},
      {State::leaving,
       {".", ".", ".", ".", ".", ".", ".", ".", ".",
        ". F", ".", ".", "killing K", "killing K", ".", ".", ".", "killing K"}},
      {State::killing,
       {".", ".", ".", ".", ".", ".", ".", ".", ".",
        ". F", ".", ".", ".", ".", "spawning IS", ".", ".", "unkillable KI"}},
      {State::unkillable,
       {".", ".", ".", ".", ".", ".", ".", ".", ".",
        ". F", ".", ".", ".", ".", "spawning S", ".", ".", ". K"}},
      {State::backoff,
       {".", "spawning S", "disabled", "stopped", "killing K", ".", ".", ".", ".",
        ". F", ".", ".", ".", ".", ".", ".", ".", "spawning S"}},
      {State::disabled,
       {".", "spawning S", ".", "stopped", "killing K", ".", ".", ".", ".",
        ". F", ".", ".", ".", ".", ".", ".", ".", "."}},
  };
  // clang-format on
  REQUIRE(static_cast<int>(table.size()) == kStateCount);
  REQUIRE(static_cast<int>(events.size()) == kEventCount);
  for (const Row& row : table) {
    REQUIRE(row.cells.size() == events.size());
    for (std::size_t i = 0; i < events.size(); ++i) {
      CAPTURE(to_string(row.state));
      CAPTURE(to_string(events[i]));
      CHECK(answer(row.state, events[i]) == row.cells[i]);
    }
  }
}

TEST_CASE("lifecycle: a deadline that has not come changes nothing") {
  for (const State state :
       {State::starting, State::reacting, State::leaving, State::killing, State::backoff}) {
    Life life = life_in(state);
    CAPTURE(to_string(state));
    life.now = MonoTime{life.machine.next_deadline()->us - 1};
    CHECK(life.on(EventKind::deadline).last.empty());
    CHECK(life.machine.state() == state);
  }
}

TEST_CASE("lifecycle: a missed deadline is a timeout, told once the tree is gone, with its times") {
  Life life = life_in(State::reacting);
  const MonoTime deadline = *life.machine.next_deadline();
  life.now = deadline + Micros{70};
  REQUIRE(life.on(EventKind::deadline).last == Orders{{OrderKind::kill_tree}});
  CHECK_FALSE(life.machine.accepts_done());
  life.on(EventKind::disarmed).on(EventKind::exited);
  life.gone();
  REQUIRE(life.last.size() == 2);
  CHECK(life.last[0] == Order{OrderKind::report_reaction_failed,
                              {.outcome = proto::Outcome::timeout,
                               .words = "killed at its deadline",
                               .deadline = deadline,
                               .ended = deadline + Micros{70},
                               .during = State::reacting}});
  CHECK(life.last[1].kind == OrderKind::spawn);
}

TEST_CASE("lifecycle: a done before the deadline wins, and the deadline is forgotten") {
  Life life = life_in(State::reacting);
  CHECK(life.machine.accepts_done());
  life.on(EventKind::disarmed);
  CHECK(life.machine.state() == State::idle);
  CHECK_FALSE(life.machine.next_deadline());
  CHECK_FALSE(life.machine.accepts_done());
}

TEST_CASE("lifecycle: how a process ended says what it is called") {
  struct Row {
    State state;
    ExitStatus exit;
    proto::Outcome outcome;
  };
  for (const Row& row : {
           Row{State::reacting, {0, 0}, proto::Outcome::exit},
           Row{State::reacting, {1, 0}, proto::Outcome::exit},
           Row{State::reacting, {kExitUnavailable, 0}, proto::Outcome::exit},
           Row{State::idle, {kExitUnavailable, 0}, proto::Outcome::spawn_failed},
           Row{State::starting, {kExitUnavailable, 0}, proto::Outcome::spawn_failed},
           Row{State::starting, {78, 0}, proto::Outcome::exit},
           Row{State::idle, {0, SIGSEGV}, proto::Outcome::crash},
           Row{State::idle, {0, SIGXFSZ}, proto::Outcome::crash},
           Row{State::idle, {0, SIGTERM}, proto::Outcome::crash},
           Row{State::idle, {0, SIGSYS}, proto::Outcome::sandbox},
           Row{State::reacting, {0, SIGKILL}, proto::Outcome::killed_external},
       }) {
    Life life = life_in(row.state);
    life.on({.kind = EventKind::exited, .exit = row.exit}).on(EventKind::tree_gone);
    CAPTURE(row.exit.code);
    CAPTURE(row.exit.signal);
    REQUIRE(life.last.size() == 2);
    CHECK(life.last[0].failure.outcome == row.outcome);
    CHECK((life.last[0].kind == OrderKind::report_reaction_failed) ==
          (row.state == State::reacting));
  }
}

TEST_CASE("lifecycle: what the worker said before it died is in the report") {
  Life life = life_in(State::starting);
  life.on({.kind = EventKind::failed, .detail = "crew.yaml:3:1: no triggers"});
  life.on({.kind = EventKind::exited, .exit = {78, 0}}).on(EventKind::tree_gone);
  CHECK(life.last[0].failure.words == "left with exit code 78: crew.yaml:3:1: no triggers");
}

TEST_CASE("lifecycle: it starts again after the delay that it is told") {
  Life life = life_in(State::idle);
  life.dies(seconds(4));
  CHECK(life.machine.state() == State::backoff);
  CHECK(*life.machine.next_deadline() - life.now == seconds(4));
  life.at_deadline();
  CHECK(life.machine.state() == State::spawning);
  life.on({.kind = EventKind::spawn_failed, .detail = "no memory", .delay = seconds(1)});
  CHECK(life.last[0].failure.outcome == proto::Outcome::spawn_failed);
  CHECK(life.last[0].failure.words == "no memory");
  CHECK(life.machine.state() == State::backoff);
}

TEST_CASE("lifecycle: a disabled worker ends its reaction as admin and stays down until enabled") {
  Life life = life_in(State::reacting);
  life.on(EventKind::disable).on(EventKind::exited).on(EventKind::tree_gone);
  REQUIRE(life.last.size() == 1);
  CHECK(life.last[0].failure.outcome == proto::Outcome::admin);
  CHECK(life.machine.state() == State::disabled);
  life.on(EventKind::start);
  CHECK(life.machine.state() == State::disabled);
  life.on(EventKind::enable);
  CHECK(life.machine.state() == State::spawning);
}

TEST_CASE("lifecycle: an idle worker that is disabled is no failure") {
  Life life = life_in(State::idle);
  life.on(EventKind::disable).on(EventKind::tree_gone);
  CHECK(life.last.empty());
}

TEST_CASE("lifecycle: enabled again while it is being killed, it starts when the tree is gone") {
  Life life = life_in(State::idle);
  life.on(EventKind::disable).on(EventKind::enable);
  CHECK(life.machine.state() == State::killing);
  life.on(EventKind::tree_gone);
  CHECK(life.machine.state() == State::spawning);
}

TEST_CASE("lifecycle: an unkillable worker reports at once, and nothing starts beside it") {
  Life life = life_in(State::reacting);
  life.at_deadline().at_deadline();
  CHECK(life.machine.state() == State::unkillable);
  REQUIRE(life.last.size() == 2);
  CHECK(life.last[1].kind == OrderKind::report_reaction_failed);
  CHECK(life.last[1].failure.outcome == proto::Outcome::timeout);
  CHECK_FALSE(life.machine.owes_reaction());
  life.on(EventKind::start).on(EventKind::enable);
  CHECK(life.machine.state() == State::unkillable);
  life.on(EventKind::tree_gone);
  CHECK(life.last == Orders{{OrderKind::spawn}});
}

TEST_CASE("lifecycle: after shutdown nothing starts again, whatever is said") {
  for (int i = 0; i < kStateCount; ++i) {
    Life life = life_in(static_cast<State>(i));
    CAPTURE(to_string(life.machine.state()));
    life.on(EventKind::shutdown).on(EventKind::disable).on(EventKind::enable);
    life.on(EventKind::exited).on(EventKind::tree_gone).on(EventKind::start);
    life.on(EventKind::enable).at_deadline();
    CHECK(life.machine.state() == State::stopped);
  }
}

TEST_CASE("lifecycle: a reaction may still be done while its worker leaves") {
  Life life = life_in(State::reacting);
  life.on(EventKind::shutdown);
  CHECK(life.machine.accepts_done());
  life.on(EventKind::disarmed).on(EventKind::exited).on(EventKind::tree_gone);
  CHECK(life.last.empty());
}

TEST_CASE("lifecycle: a reaction's deadline holds while its worker leaves") {
  Life life = life_in(State::reacting);
  life.on(EventKind::shutdown).at_deadline();
  CHECK(life.machine.state() == State::killing);
  life.on(EventKind::tree_gone);
  REQUIRE(life.last.size() == 1);
  CHECK(life.last[0].failure.outcome == proto::Outcome::timeout);
}

TEST_CASE("lifecycle: a broken contract fails the armed reaction as what it is called") {
  Life life = life_in(State::reacting);
  life.on({.kind = EventKind::broken, .outcome = proto::Outcome::protocol, .detail = "no JSON"});
  life.on(EventKind::exited).on(EventKind::tree_gone);
  CHECK(life.last[0].kind == OrderKind::report_reaction_failed);
  CHECK(life.last[0].failure.outcome == proto::Outcome::protocol);
  CHECK(life.last[0].failure.words == "no JSON");
}

}  // namespace
}  // namespace lc::process
