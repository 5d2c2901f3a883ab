#pragma once

#include <doctest/doctest.h>

#include "supervisor/process/lifecycle.h"

namespace lc::process {

inline constexpr MonoTime kNow{1'000'000'000};

/// A machine and its clock, so that a test reads as a story.
struct Life {
  Lifecycle machine{LifecycleOptions{}};
  MonoTime now = kNow;
  Orders last;

  Life& on(Event event) {
    last = machine.on(event, now);
    return *this;
  }
  Life& on(EventKind kind) {
    Event event{.kind = kind, .outcome = proto::Outcome::protocol, .detail = "words"};
    if (kind == EventKind::armed) {
      event.until = now + millis(100);
    } else if (kind == EventKind::shutdown) {
      event.until = now + seconds(5);
    } else if (kind == EventKind::exited) {
      event.exit = {3, 0};
    }
    return on(event);
  }
  Life& at_deadline() {
    now = machine.next_deadline().value_or(now + seconds(3600));
    return on(EventKind::deadline);
  }
  Life& up() { return on(EventKind::start).on(EventKind::spawned).on(EventKind::ready); }
  Life& gone(Micros delay = {}) { return on({.kind = EventKind::tree_gone, .delay = delay}); }
  Life& dies(Micros delay = {}) { return on(EventKind::exited).gone(delay); }
  Life& waits_as_spare() {
    return on(EventKind::demote).on(EventKind::start).on(EventKind::spawned).on(EventKind::standby);
  }
};

inline Life life_in(State state) {
  Life life;
  switch (state) {
    case State::stopped:
      break;
    case State::spawning:
      life.on(EventKind::start);
      break;
    case State::starting:
      life.on(EventKind::start).on(EventKind::spawned);
      break;
    case State::standby:
      life.waits_as_spare();
      break;
    case State::idle:
      life.up();
      break;
    case State::reacting:
      life.up().on(EventKind::armed);
      break;
    case State::leaving:
      life.up().on(EventKind::shutdown);
      break;
    case State::killing:
      life.up().on(EventKind::exited);
      break;
    case State::unkillable:
      life.up().on(EventKind::exited).at_deadline();
      break;
    case State::backoff:
      life.up().dies(seconds(1));
      break;
    case State::disabled:
      life.on(EventKind::disable);
      break;
  }
  REQUIRE(life.machine.state() == state);
  return life;
}

}  // namespace lc::process
