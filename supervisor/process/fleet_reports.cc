#include <algorithm>
#include <utility>

#include "common/clock.h"
#include "supervisor/process/fleet_impl.h"

// What the fleet tells, and what it answers when it is asked.
namespace lc::process {
namespace {

// What dies so soon after an outage may have died of it.
constexpr Micros kAftermath = seconds(5);

bool died_by_itself(proto::Outcome outcome) {
  return outcome == proto::Outcome::exit || outcome == proto::Outcome::crash ||
         outcome == proto::Outcome::killed_external || outcome == proto::Outcome::spawn_failed;
}

}  // namespace

/// What is known of the worker's process: the one that runs, else the last one.
Ended Fleet::Impl::portrait(const Worker& worker) const {
  Ended ended = worker.last;
  if (worker.child) {
    ended.pid = worker.child->pid();
    ended.generation = worker.generation;
    ended.uptime_ms = (monotonic_now() - worker.spawned_at).us / 1000;
    ended.output_bytes = worker.child->output_bytes();
    ended.output = worker.child->output();
  }
  ended.crew = worker.crew.spec.crew;
  return ended;
}

Ended Fleet::Impl::ended(const Worker& worker, const Failure& failure) const {
  // What no process took is no fact about one that happens to be there, or was.
  const bool of_a_process = failure == worker.machine.cause();
  Ended ended = of_a_process ? portrait(worker) : Ended{.crew = worker.crew.spec.crew};
  ended.outcome = failure.outcome;
  ended.words = failure.words;
  ended.during = to_string(failure.during);
  ended.unkillable = failure.unkillable;
  if (failure.deadline) {
    ended.overshoot_us = (failure.ended - *failure.deadline).us;
  }
  if (of_a_process && !failure.unkillable) {
    ended.tree_gone_us = (monotonic_now() - failure.deadline.value_or(failure.ended)).us;
  }
  return ended;
}

void Fleet::Impl::report(Worker& worker, const Order& order) {
  CrewSlot& crew = worker.crew;
  Report report{Report::Kind::idle_failure, ended(worker, order.failure)};
  MonoTime since = worker.spawned_at;
  if (order.kind == OrderKind::report_reaction_failed) {
    report.kind = Report::Kind::reaction_failed;
    report.ended.reaction = std::exchange(crew.reaction, std::nullopt);
    since = crew.armed_at;
  } else if (worker.machine.role() == Role::spare) {
    report.kind = Report::Kind::spare_failure;
  } else if (order.failure.during == State::idle || order.failure.during == State::standby) {
    since = order.failure.ended - kAftermath;
  }
  report.ended.excuse = excuse_of(crew, order.failure, since);
  reports_.push_back(std::move(report));
}

std::string Fleet::Impl::excuse_of(const CrewSlot& crew, const Failure& failure, MonoTime since) {
  if (!is_failure(failure.outcome)) {
    return {};
  }
  std::string excuse = excuse_since(since);
  const bool mass = died_by_itself(failure.outcome) && brake_.died(crew.spec.crew, monotonic_now());
  return !excuse.empty() || !mass ? excuse : "many crews lost their workers at once";
}

std::string Fleet::Impl::excuse_since(MonoTime since) const {
  const bool touched = outage_ || (outage_ended_ && *outage_ended_ >= since);
  return touched ? "NATS was away meanwhile" : "";
}

/// Calls the hooks; only from the loop, so that no hook runs inside a call of its owner.
void Fleet::Impl::settle() {
  while (!reports_.empty()) {
    const Report report = std::move(reports_.front());
    reports_.pop_front();
    tell(report);
  }
}

void Fleet::Impl::tell(const Report& report) {
  switch (report.kind) {
    case Report::Kind::ready:
      if (find(report.ended.crew).active->machine.state() == State::idle) {
        hooks_.on_ready(report.ended.crew);
      }
      return;
    case Report::Kind::taken:
      if (hooks_.on_taken) {
        hooks_.on_taken(report.ended.crew, report.order);
      }
      return;
    case Report::Kind::answered:
      if (hooks_.on_answered) {
        hooks_.on_answered(report.ended.crew);
      }
      return;
    case Report::Kind::reaction_failed:
      hooks_.on_reaction_failed(report.ended);
      return;
    case Report::Kind::idle_failure:
      hooks_.on_idle_failure(report.ended);
      return;
    case Report::Kind::spare_failure:
      if (hooks_.on_spare_failure) {
        hooks_.on_spare_failure(report.ended);
      }
      return;
  }
}

std::string_view Fleet::Impl::containment() const {
  return to_string(options_.cells == nullptr ? Containment::session : options_.cells->level());
}

std::vector<Unenforced> Fleet::Impl::unenforced() const {
  return options_.cells == nullptr ? std::vector<Unenforced>{} : options_.cells->unenforced();
}

std::vector<Fleet::WorkerInfo> Fleet::Impl::workers() const {
  const MonoTime now = monotonic_now();
  std::vector<WorkerInfo> out;
  for (const auto& [id, crew] : crews_) {
    const Worker& worker = *crew->active;
    WorkerInfo info;
    info.crew = id;
    info.state = to_string(worker.machine.state());
    info.restarts = std::max<std::int64_t>(0, crew->starts - 1);
    info.failures = crew->policy.failures();
    info.is_flapping = crew->policy.is_flapping(now);
    info.sandbox_missing = worker.missing;
    if (worker.child) {
      info.pid = worker.child->pid();
      info.uptime_ms = (now - worker.spawned_at).us / 1000;
      info.output_bytes = worker.child->output_bytes();
    }
    if (const auto due = worker.machine.next_deadline();
        due && worker.machine.state() == State::backoff) {
      info.restarts_in_ms = std::max<std::int64_t>(0, (*due - now).us / 1000);
    }
    for (const auto& spare : crew->spares) {
      info.spares.push_back({std::string(to_string(spare->machine.state())),
                             spare->child ? spare->child->pid() : pid_t{0}});
    }
    out.push_back(std::move(info));
  }
  return out;
}

bool Fleet::Impl::holds(pid_t pid) const {
  return (options_.cells != nullptr && options_.cells->holds(pid)) || orphans_.is_of_a_worker(pid);
}

}  // namespace lc::process
