#include "supervisor/process/lifecycle.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

// While a process is there; lifecycle_down.cc has the states without one.
namespace lc::process {

bool is_failure(proto::Outcome outcome) {
  return outcome != proto::Outcome::admin && outcome != proto::Outcome::shutdown;
}

std::optional<MonoTime> Lifecycle::next_deadline() const {
  std::optional<MonoTime> first = state_deadline_;
  for (const auto& due : {reaction_deadline_, idle_deadline_}) {
    if (due && (!first || *due < *first)) {
      first = due;
    }
  }
  return first;
}

bool Lifecycle::accepts_done() const {
  return reaction_armed_ && (state_ == State::reacting || state_ == State::leaving);
}

Orders Lifecycle::on(const Event& event, MonoTime now) {
  if (event.kind == EventKind::deadline) {
    const auto due = next_deadline();
    return due && *due <= now ? on_passed(now) : Orders{};
  }
  if (event.kind == EventKind::promote || event.kind == EventKind::demote) {
    return on_role(event, now);
  }
  switch (state_) {
    case State::stopped:
    case State::backoff:
    case State::disabled:
      return on_no_process(event, now);
    case State::spawning:
      return on_spawning(event, now);
    case State::starting:
    case State::standby:
    case State::idle:
    case State::reacting:
    case State::leaving:
      return on_alive(event, now);
    case State::killing:
    case State::unkillable:
      return on_dying(event, now);
  }
  return {};
}

/// A spare that waits subscribes at once; one that is still starting will when it says `standby`.
Orders Lifecycle::on_role(const Event& event, MonoTime now) {
  const bool alive = state_ == State::starting || state_ == State::standby ||
                     state_ == State::idle || state_ == State::reacting || state_ == State::leaving;
  if (event.kind == EventKind::demote) {
    role_ = alive ? role_ : Role::spare;
    return {};
  }
  role_ = Role::active;
  if (state_ != State::standby) {
    return {};
  }
  return subscribe(now);
}

/// A spare that does not answer must not keep another one from taking over.
Orders Lifecycle::subscribe(MonoTime now) {
  state_ = State::starting;
  state_deadline_ = now + std::min(options_.init_timeout, options_.subscribe_timeout);
  return {{OrderKind::subscribe}};
}

Orders Lifecycle::on_standby(MonoTime now) {
  if (state_ != State::starting) {
    return {};
  }
  if (role_ == Role::active) {
    return subscribe(now);
  }
  state_ = State::standby;
  state_deadline_.reset();
  return {};
}

Orders Lifecycle::on_alive(const Event& event, MonoTime now) {
  switch (event.kind) {
    case EventKind::standby:
      return on_standby(now);
    case EventKind::ready:
      if (state_ != State::starting) {
        return {};
      }
      state_ = State::idle;
      state_deadline_.reset();
      return {{OrderKind::report_ready}};
    case EventKind::failed:
      if (state_ == State::starting) {
        failed_words_ = event.detail;
      }
      return {};
    case EventKind::armed:
      return arm(event, now);
    case EventKind::progress:
      if (idle_deadline_) {
        idle_deadline_ = now + *idle_timeout_;
      }
      return {};
    case EventKind::disarmed:
      return disarm();
    case EventKind::broken:
      return kill({.outcome = event.outcome, .words = event.detail}, now);
    case EventKind::exited: {
      if (state_ == State::leaving) {
        return kill({.outcome = proto::Outcome::shutdown, .words = "left with the supervisor"},
                    now);
      }
      const During during = state_ == State::reacting ? During::reaction : During::rest;
      auto ending = classify(event.exit, during, event.memory);
      return kill({.outcome = ending.outcome, .words = std::move(ending.words)}, now);
    }
    case EventKind::disable:
      if (state_ == State::leaving) {
        return {};
      }
      wanted_ = Wanted::down;
      return kill({.outcome = proto::Outcome::admin, .words = "stopped: the crew is disabled"},
                  now);
    case EventKind::shutdown:
      return leave(event);
    case EventKind::start:
    case EventKind::enable:
    case EventKind::spawned:
    case EventKind::spawn_failed:
    case EventKind::tree_gone:
    case EventKind::promote:
    case EventKind::demote:
    case EventKind::deadline:
      return {};
  }
  return {};
}

Orders Lifecycle::on_passed(MonoTime now) {
  const auto due = *next_deadline();
  switch (state_) {
    case State::starting:
      return kill(
          {.outcome = proto::Outcome::init_timeout,
           .words = fmt::format("not ready {} ms after its start", options_.init_timeout.us / 1000),
           .deadline = due},
          now);
    case State::reacting:
    case State::leaving:
      if (reaction_deadline_ && *reaction_deadline_ <= now) {
        return kill({.outcome = proto::Outcome::timeout,
                     .words = "killed at its deadline",
                     .deadline = reaction_deadline_},
                    now);
      }
      if (idle_deadline_ && *idle_deadline_ <= now) {
        return kill({.outcome = proto::Outcome::timeout,
                     .words = fmt::format("told no progress for {} ms", idle_timeout_->us / 1000),
                     .deadline = idle_deadline_},
                    now);
      }
      return kill(
          {.outcome = proto::Outcome::shutdown, .words = "did not leave in time", .deadline = due},
          now);
    case State::killing:
      return on_kill_overdue(now);
    case State::unkillable:
      state_deadline_ = now + options_.kill_interval;
      return {{OrderKind::kill_tree}};
    case State::backoff:
      return spawn();
    case State::stopped:
    case State::spawning:
    case State::standby:
    case State::idle:
    case State::disabled:
      return {};
  }
  return {};
}

Orders Lifecycle::arm(const Event& event, MonoTime now) {
  if (state_ == State::idle) {
    state_ = State::reacting;
    reaction_armed_ = true;
    reaction_deadline_ = event.until;
    idle_timeout_ = event.idle;
    idle_deadline_ = event.idle ? std::optional(now + *event.idle) : std::nullopt;
    return {};
  }
  if (reaction_armed_) {
    return {};
  }
  return {{OrderKind::report_reaction_failed,
           {.outcome = proto::Outcome::spawn_failed,
            .words = fmt::format("no worker took it: {}", to_string(state_)),
            .ended = now,
            .during = state_}}};
}

Orders Lifecycle::disarm() {
  if (!accepts_done()) {
    return {};
  }
  reaction_armed_ = false;
  forget_reaction_deadlines();
  if (state_ == State::reacting) {
    state_ = State::idle;
  }
  return {};
}

void Lifecycle::forget_reaction_deadlines() {
  reaction_deadline_.reset();
  idle_deadline_.reset();
}

Orders Lifecycle::leave(const Event& event) {
  if (state_ == State::leaving) {
    return {};
  }
  wanted_ = Wanted::never_again;
  state_ = State::leaving;
  state_deadline_ = event.until;
  return {{OrderKind::close_stdin}};
}

Orders Lifecycle::kill(Failure cause, MonoTime now) {
  if (!failed_words_.empty()) {
    cause.words += ": " + std::exchange(failed_words_, {});
  }
  cause.ended = now;
  cause.during = state_;
  cause_ = std::move(cause);
  reported_ = false;
  forget_reaction_deadlines();
  state_ = State::killing;
  state_deadline_ = now + options_.kill_timeout;
  return {{OrderKind::kill_tree}};
}

}  // namespace lc::process
