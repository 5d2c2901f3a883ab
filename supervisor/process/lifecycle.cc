#include "supervisor/process/lifecycle.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace lc::process {
namespace {

constexpr std::array<Micros, 5> kRestartDelays = {seconds(0), seconds(1), seconds(4), seconds(16),
                                                  seconds(30)};

bool is_failure(proto::Outcome outcome) {
  return outcome != proto::Outcome::admin && outcome != proto::Outcome::shutdown;
}

}  // namespace

Micros restart_delay(std::int64_t failures, std::int64_t jitter_ppm) {
  if (failures <= 0) {
    return Micros{0};
  }
  const auto last = static_cast<std::int64_t>(kRestartDelays.size()) - 1;
  const Micros delay = kRestartDelays[static_cast<std::size_t>(std::min(failures - 1, last))];
  return delay + Micros{delay.us / 1000 * jitter_ppm / 1000};
}

std::optional<MonoTime> Lifecycle::next_deadline() const {
  if (state_deadline_ && reaction_deadline_) {
    return std::min(*state_deadline_, *reaction_deadline_);
  }
  return state_deadline_ ? state_deadline_ : reaction_deadline_;
}

bool Lifecycle::accepts_done() const {
  return reaction_armed_ && (state_ == State::reacting || state_ == State::leaving);
}

Orders Lifecycle::on(const Event& event, MonoTime now) {
  if (event.kind == EventKind::deadline) {
    const auto due = next_deadline();
    return due && *due <= now ? on_passed(now) : Orders{};
  }
  switch (state_) {
    case State::stopped:
    case State::backoff:
    case State::disabled:
      return on_no_process(event, now);
    case State::spawning:
      return on_spawning(event, now);
    case State::starting:
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

Orders Lifecycle::on_no_process(const Event& event, MonoTime now) {
  switch (event.kind) {
    case EventKind::start:
      return state_ == State::stopped && wanted_ == Wanted::up ? spawn() : Orders{};
    case EventKind::enable:
      if (wanted_ == Wanted::never_again) {
        return {};
      }
      wanted_ = Wanted::up;
      failures_ = 0;
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
      return kill({proto::Outcome::admin, "was not wanted any more", {}, {}}, now);
    case EventKind::armed:
      return arm(event);
    case EventKind::spawn_failed:
    case EventKind::ready:
    case EventKind::failed:
    case EventKind::disarmed:
    case EventKind::broken:
    case EventKind::exited:
    case EventKind::tree_gone:
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
      failures_ += 1;
      Orders orders{{OrderKind::report_idle_failure, proto::Outcome::spawn_failed, event.detail}};
      rest(event.jitter_ppm, now);
      if (state_ == State::spawning) {
        orders.push_back({OrderKind::spawn, proto::Outcome::ok, ""});
      }
      return orders;
    }
    case EventKind::enable:
      failures_ = 0;
      return {};
    case EventKind::disable:
    case EventKind::shutdown:
      return on_no_process(event, now);
    case EventKind::armed:
      return arm(event);
    case EventKind::start:
    case EventKind::ready:
    case EventKind::failed:
    case EventKind::disarmed:
    case EventKind::broken:
    case EventKind::exited:
    case EventKind::tree_gone:
    case EventKind::deadline:
      return {};
  }
  return {};
}

Orders Lifecycle::on_alive(const Event& event, MonoTime now) {
  switch (event.kind) {
    case EventKind::ready:
      if (state_ != State::starting) {
        return {};
      }
      state_ = State::idle;
      state_deadline_.reset();
      return {{OrderKind::report_ready, proto::Outcome::ok, ""}};
    case EventKind::failed:
      if (state_ == State::starting) {
        failed_words_ = event.detail;
      }
      return {};
    case EventKind::armed:
      return arm(event);
    case EventKind::disarmed:
      return disarm();
    case EventKind::broken:
      return kill({event.outcome, event.detail, {}, {}}, now);
    case EventKind::exited: {
      if (state_ == State::leaving) {
        return kill({proto::Outcome::shutdown, "left with the supervisor", {}, {}}, now);
      }
      auto ending =
          classify(event.exit, state_ == State::reacting ? During::reaction : During::rest);
      return kill({ending.outcome, std::move(ending.words), {}, {}}, now);
    }
    case EventKind::enable:
      failures_ = 0;
      return {};
    case EventKind::disable:
      if (state_ == State::leaving) {
        return {};
      }
      wanted_ = Wanted::down;
      return kill({proto::Outcome::admin, "stopped: the crew is disabled", {}, {}}, now);
    case EventKind::shutdown:
      return leave(event);
    case EventKind::start:
    case EventKind::spawned:
    case EventKind::spawn_failed:
    case EventKind::tree_gone:
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
      failures_ = 0;
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
      return arm(event);
    case EventKind::start:
    case EventKind::spawned:
    case EventKind::spawn_failed:
    case EventKind::ready:
    case EventKind::failed:
    case EventKind::disarmed:
    case EventKind::broken:
    case EventKind::exited:
    case EventKind::deadline:
      return {};
  }
  return {};
}

Orders Lifecycle::on_passed(MonoTime now) {
  const auto due = *next_deadline();
  const Micros overshoot = now - due;
  switch (state_) {
    case State::starting:
      return kill({proto::Outcome::init_timeout,
                   fmt::format("not ready {} ms after its start", options_.init_timeout.us / 1000),
                   due, overshoot},
                  now);
    case State::reacting:
    case State::leaving:
      if (reaction_deadline_ && *reaction_deadline_ <= now) {
        const auto missed = *reaction_deadline_;
        return kill({proto::Outcome::timeout, "killed at its deadline", missed, now - missed}, now);
      }
      return kill({proto::Outcome::shutdown, "did not leave in time", due, overshoot}, now);
    case State::killing: {
      state_ = State::unkillable;
      state_deadline_ = now + options_.kill_interval;
      auto order = report(fmt::format("; its processes are still there {} ms after SIGKILL",
                                      options_.kill_timeout.us / 1000));
      reported_ = true;
      reaction_armed_ = false;
      Orders orders{{OrderKind::kill_tree, proto::Outcome::ok, ""}};
      orders.push_back(std::move(order));
      return orders;
    }
    case State::unkillable:
      state_deadline_ = now + options_.kill_interval;
      return {{OrderKind::kill_tree, proto::Outcome::ok, ""}};
    case State::backoff:
      return spawn();
    case State::stopped:
    case State::spawning:
    case State::idle:
    case State::disabled:
      return {};
  }
  return {};
}

Orders Lifecycle::spawn() {
  state_ = State::spawning;
  state_deadline_.reset();
  return {{OrderKind::spawn, proto::Outcome::ok, ""}};
}

Orders Lifecycle::arm(const Event& event) {
  if (state_ == State::idle) {
    state_ = State::reacting;
    reaction_armed_ = true;
    reaction_deadline_ = event.until;
    return {};
  }
  if (reaction_armed_) {
    return {};
  }
  return {{OrderKind::report_reaction_failed, proto::Outcome::spawn_failed,
           fmt::format("no worker took it: {}", to_string(state_))}};
}

Orders Lifecycle::disarm() {
  if (!accepts_done()) {
    return {};
  }
  reaction_armed_ = false;
  reaction_deadline_.reset();
  failures_ = 0;
  if (state_ == State::reacting) {
    state_ = State::idle;
  }
  return {};
}

Orders Lifecycle::leave(const Event& event) {
  if (state_ == State::leaving) {
    return {};
  }
  wanted_ = Wanted::never_again;
  state_ = State::leaving;
  state_deadline_ = event.until;
  return {{OrderKind::close_stdin, proto::Outcome::ok, ""}};
}

Orders Lifecycle::kill(Cause cause, MonoTime now) {
  if (!failed_words_.empty()) {
    cause.words += ": " + std::exchange(failed_words_, {});
  }
  cause_ = std::move(cause);
  reported_ = false;
  reaction_deadline_.reset();
  state_ = State::killing;
  state_deadline_ = now + options_.kill_timeout;
  return {{OrderKind::kill_tree, proto::Outcome::ok, ""}};
}

Order Lifecycle::report(std::string_view suffix) {
  if (is_failure(cause_.outcome)) {
    failures_ += 1;
  }
  return {reaction_armed_ ? OrderKind::report_reaction_failed : OrderKind::report_idle_failure,
          cause_.outcome, cause_.words + std::string(suffix)};
}

/// The tree is gone: tells why, once, then starts again, waits, or stays down.
Orders Lifecycle::finish(const Event& event, MonoTime now) {
  Orders orders;
  if (!std::exchange(reported_, true)) {
    std::string facts;
    if (cause_.missed) {
      facts = fmt::format("; overshoot_us={} tree_gone_us={}", cause_.overshoot.us,
                          (now - *cause_.missed).us);
    }
    const bool worth_telling = reaction_armed_ || is_failure(cause_.outcome);
    auto order = report(facts);
    if (worth_telling) {
      orders.push_back(std::move(order));
    }
    reaction_armed_ = false;
  }
  rest(event.jitter_ppm, now);
  if (state_ == State::spawning) {
    orders.push_back({OrderKind::spawn, proto::Outcome::ok, ""});
  }
  return orders;
}

/// Chooses the state in which a worker without a process waits for what is wanted of it.
void Lifecycle::rest(std::int64_t jitter_ppm, MonoTime now) {
  state_deadline_.reset();
  if (wanted_ == Wanted::never_again) {
    state_ = State::stopped;
  } else if (wanted_ == Wanted::down) {
    state_ = State::disabled;
  } else if (const Micros delay = restart_delay(failures_, jitter_ppm); delay.us > 0) {
    state_ = State::backoff;
    state_deadline_ = now + delay;
  } else {
    state_ = State::spawning;
  }
}

}  // namespace lc::process
