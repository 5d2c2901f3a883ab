#include <fmt/format.h>

#include <utility>

#include "supervisor/process/lifecycle.h"

// The states without a process, and those in which one is on its way out.
namespace lc::process {

Orders Lifecycle::on_no_process(const Event& event, MonoTime now) {
  switch (event.kind) {
    case EventKind::start:
      return state_ == State::stopped && wanted_ == Wanted::up ? spawn() : Orders{};
    case EventKind::enable:
      if (wanted_ == Wanted::never_again) {
        return {};
      }
      wanted_ = Wanted::up;
      return spawn();
    case EventKind::disable:
      if (wanted_ != Wanted::never_again) {
        wanted_ = Wanted::down;
        state_ = State::disabled;
        state_deadline_.reset();
      }
      return {};
    case EventKind::shutdown:
      wanted_ = Wanted::never_again;
      state_ = State::stopped;
      state_deadline_.reset();
      return {};
    case EventKind::spawned:
      return kill({.outcome = proto::Outcome::admin, .words = "was not wanted any more"}, now);
    case EventKind::armed:
      return arm(event, now);
    case EventKind::spawn_failed:
    case EventKind::standby:
    case EventKind::ready:
    case EventKind::failed:
    case EventKind::progress:
    case EventKind::disarmed:
    case EventKind::broken:
    case EventKind::exited:
    case EventKind::tree_gone:
    case EventKind::promote:
    case EventKind::demote:
    case EventKind::deadline:
      return {};
  }
  return {};
}

Orders Lifecycle::on_spawning(const Event& event, MonoTime now) {
  switch (event.kind) {
    case EventKind::spawned:
      state_ = State::starting;
      state_deadline_ = now + options_.init_timeout;
      failed_words_.clear();
      return {};
    case EventKind::spawn_failed: {
      Orders orders{{OrderKind::report_idle_failure,
                     {.outcome = proto::Outcome::spawn_failed,
                      .words = event.detail,
                      .ended = now,
                      .during = state_}}};
      rest(event.delay, now);
      if (state_ == State::spawning) {
        orders.push_back({OrderKind::spawn});
      }
      return orders;
    }
    case EventKind::disable:
    case EventKind::shutdown:
      return on_no_process(event, now);
    case EventKind::armed:
      return arm(event, now);
    case EventKind::start:
    case EventKind::enable:
    case EventKind::standby:
    case EventKind::ready:
    case EventKind::failed:
    case EventKind::progress:
    case EventKind::disarmed:
    case EventKind::broken:
    case EventKind::exited:
    case EventKind::tree_gone:
    case EventKind::promote:
    case EventKind::demote:
    case EventKind::deadline:
      return {};
  }
  return {};
}

Orders Lifecycle::on_dying(const Event& event, MonoTime now) {
  switch (event.kind) {
    case EventKind::tree_gone:
      return finish(event, now);
    case EventKind::enable:
      if (wanted_ == Wanted::down) {
        wanted_ = Wanted::up;
      }
      return {};
    case EventKind::disable:
      if (wanted_ == Wanted::up) {
        wanted_ = Wanted::down;
      }
      return {};
    case EventKind::shutdown:
      wanted_ = Wanted::never_again;
      return {};
    case EventKind::armed:
      return arm(event, now);
    case EventKind::start:
    case EventKind::spawned:
    case EventKind::spawn_failed:
    case EventKind::standby:
    case EventKind::ready:
    case EventKind::failed:
    case EventKind::progress:
    case EventKind::disarmed:
    case EventKind::broken:
    case EventKind::exited:
    case EventKind::promote:
    case EventKind::demote:
    case EventKind::deadline:
      return {};
  }
  return {};
}

Orders Lifecycle::spawn() {
  state_ = State::spawning;
  state_deadline_.reset();
  return {{OrderKind::spawn}};
}

/// SIGKILL did not help in time: told at once, and no other process may start beside it.
Orders Lifecycle::on_kill_overdue(MonoTime now) {
  state_ = State::unkillable;
  state_deadline_ = now + options_.kill_interval;
  cause_.unkillable = true;
  cause_.words += fmt::format("; its processes are still there {} ms after SIGKILL",
                              options_.kill_timeout.us / 1000);
  Orders orders{{OrderKind::kill_tree}, report()};
  reported_ = true;
  reaction_armed_ = false;
  return orders;
}

Order Lifecycle::report() const {
  return {reaction_armed_ ? OrderKind::report_reaction_failed : OrderKind::report_idle_failure,
          cause_};
}

/// The tree is gone: tells why, once, then starts again, waits, or stays down.
Orders Lifecycle::finish(const Event& event, MonoTime now) {
  Orders orders;
  if (!std::exchange(reported_, true)) {
    if (reaction_armed_ || is_failure(cause_.outcome)) {
      orders.push_back(report());
    }
    reaction_armed_ = false;
  }
  rest(event.delay, now);
  if (state_ == State::spawning) {
    orders.push_back({OrderKind::spawn});
  }
  return orders;
}

/// Chooses the state in which a worker without a process waits for what is wanted of it.
void Lifecycle::rest(Micros delay, MonoTime now) {
  state_deadline_.reset();
  if (wanted_ == Wanted::never_again) {
    state_ = State::stopped;
  } else if (wanted_ == Wanted::down) {
    state_ = State::disabled;
  } else if (delay.us > 0) {
    state_ = State::backoff;
    state_deadline_ = now + delay;
  } else {
    state_ = State::spawning;
  }
}

}  // namespace lc::process
