#include "supervisor/process/fleet_impl.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "common/check.h"
#include "common/clock.h"
#include "proto/worker_config.h"

namespace lc::process {
namespace {

// Between two looks at a tree that is dying; deaths of orphans also make us look at once.
constexpr Micros kSweepWaitFirst{500};
constexpr Micros kSweepWaitMax = millis(20);

}  // namespace

Fleet::Impl::~Impl() {
  timers_.cancel(turn_timer_);
  for (const auto& [crew, worker] : workers_) {
    timers_.cancel(worker->deadline_timer);
    timers_.cancel(worker->sweep_timer);
  }
}

Status Fleet::Impl::watch_deaths() {
  LC_TRY(deaths_, SignalWatcher::create(loop_, SIGCHLD, [this] { on_orphan_death(); }));
  return {};
}

void Fleet::Impl::add(WorkerSpec spec, EventKind first) {
  const CrewId crew = spec.crew;
  LC_ASSERT(!workers_.contains(crew));
  const LifecycleOptions machine{.init_timeout = spec.init_timeout,
                                 .kill_timeout = options_.kill_timeout,
                                 .kill_interval = options_.kill_interval};
  auto worker =
      std::make_unique<Worker>(Worker{.spec = std::move(spec), .machine = Lifecycle(machine)});
  Worker& added = *worker;
  workers_.emplace(crew, std::move(worker));
  feed(added, {.kind = first});
}

Worker& Fleet::Impl::find(const CrewId& crew) {
  const auto found = workers_.find(crew);
  LC_ASSERT(found != workers_.end());
  return *found->second;
}

/// Every event goes through here: the machine decides, the orders are carried out.
void Fleet::Impl::feed(Worker& worker, Event event) {
  bool kill_ordered = false;
  for (Order& order : worker.machine.on(event, monotonic_now())) {
    kill_ordered = kill_ordered || order.kind == OrderKind::kill_tree;
    obey(worker, std::move(order));
  }
  set_deadline(worker);
  if (kill_ordered) {
    try_finish(worker);
  }
}

void Fleet::Impl::obey(Worker& worker, Order order) {
  switch (order.kind) {
    case OrderKind::spawn:
      if (!std::exchange(worker.queued, true)) {
        to_spawn_.push_back(&worker);
      }
      break;
    case OrderKind::close_stdin:
      worker.child->close_stdin();
      return;
    case OrderKind::kill_tree:
      worker.child->kill();
      if (worker.cgroup) {
        worker.cgroup->kill();
      }
      worker.sweep_wait = kSweepWaitFirst;
      return;
    case OrderKind::report_reaction_failed:
    case OrderKind::report_idle_failure:
    case OrderKind::report_ready: {
      Report report{worker.spec.crew, std::move(order), std::nullopt, ""};
      if (report.order.kind == OrderKind::report_reaction_failed) {
        report.reaction = std::exchange(worker.reaction, std::nullopt);
      }
      if (report.order.kind != OrderKind::report_ready) {
        report.output =
            worker.child ? worker.child->output() : std::exchange(worker.last_output, {});
      }
      reports_.push_back(std::move(report));
      break;
    }
  }
  call_next_turn();
}

void Fleet::Impl::set_deadline(Worker& worker) {
  const auto due = worker.machine.next_deadline();
  if (due == worker.deadline_at) {
    return;
  }
  timers_.cancel(worker.deadline_timer);
  worker.deadline_timer = {};
  worker.deadline_at = due;
  if (due) {
    worker.deadline_timer = timers_.arm(*due, [this, &worker] {
      worker.deadline_at.reset();
      feed(worker, {.kind = EventKind::deadline});
      settle();
    });
  }
}

/// If the worker is being killed: proves that its tree is gone, or looks again soon.
void Fleet::Impl::try_finish(Worker& worker) {
  const State state = worker.machine.state();
  if ((state != State::killing && state != State::unkillable) || !worker.child->exit()) {
    return;  // its pidfd tells when the leader is dead
  }
  timers_.cancel(worker.sweep_timer);
  const bool swept = orphans_.sweep(worker.child->pid());
  if (!swept || (worker.cgroup && worker.cgroup->is_populated())) {
    worker.sweep_timer = timers_.arm(monotonic_now() + worker.sweep_wait, [this, &worker] {
      try_finish(worker);
      settle();
    });
    worker.sweep_wait = std::min(Micros{worker.sweep_wait.us * 2}, kSweepWaitMax);
    return;
  }
  worker.child->retire();
  orphans_.remove_worker(worker.child->pid());
  worker.last_output = worker.child->output();
  retired_.push_back(std::move(worker.child));
  worker.cgroup.reset();
  call_next_turn();
  feed(worker, {.kind = EventKind::tree_gone, .jitter_ppm = jitter_ppm()});
}

void Fleet::Impl::on_status(Worker& worker, const Result<WorkerStatus>& status) {
  if (!status) {
    feed(worker, {.kind = EventKind::broken,
                  .outcome = proto::Outcome::protocol,
                  .detail = status.error().message});
  } else if (status->state == WorkerStatus::State::ready) {
    feed(worker, {.kind = EventKind::ready});
  } else {
    feed(worker, {.kind = EventKind::failed, .detail = status->message});
  }
  settle();
}

void Fleet::Impl::on_dead(Worker& worker) {
  feed(worker, {.kind = EventKind::exited, .exit = *worker.child->exit()});
  if (worker.child) {
    try_finish(worker);  // it was being killed already
  }
  settle();
}

void Fleet::Impl::on_orphan_death() {
  orphans_.reap();
  for (const auto& [crew, worker] : workers_) {
    if (worker->child) {
      try_finish(*worker);
    }
  }
  settle();
}

void Fleet::Impl::call_next_turn() {
  if (turn_timer_ == TimerId{}) {
    turn_timer_ = timers_.arm(monotonic_now(), [this] { turn(); });
  }
}

void Fleet::Impl::turn() {
  turn_timer_ = {};
  retired_.clear();
  spawn_some();
  settle();
  if (on_gone_ && all_gone()) {
    std::exchange(on_gone_, nullptr)();  // may destroy the Fleet
  }
}

void Fleet::Impl::spawn_some() {
  for (int spawned = 0; spawned < options_.spawns_per_turn_max && !to_spawn_.empty();) {
    Worker& worker = *to_spawn_.front();
    to_spawn_.pop_front();
    worker.queued = false;
    if (worker.machine.state() == State::spawning) {
      spawn(worker);
      spawned += 1;
    }
  }
  if (!to_spawn_.empty()) {
    call_next_turn();
  }
}

void Fleet::Impl::spawn(Worker& worker) {
  LC_ASSERT(!worker.child);
  worker.spawns += 1;
  worker.last_output.clear();
  const auto token = fmt::format("{}.{}.{}", worker.spec.crew.value, ::getpid(), worker.spawns);
  SpawnRequest request{.argv = worker.spec.argv,
                       .env = worker.spec.env,
                       .stdin_line = worker.spec.stdin_line,
                       .folder = worker.spec.folder};
  request.env.push_back(fmt::format("{}={}", kTokenVariable, token));
  if (options_.cgroups != nullptr) {
    auto cgroup =
        options_.cgroups->make(fmt::format("{}.{}", worker.spec.crew.value, worker.spawns));
    if (!cgroup) {
      spawn_failed(worker, cgroup.error());
      return;
    }
    worker.cgroup = *std::move(cgroup);
    request.cgroup = &worker.cgroup->procs();
    request.env.push_back(fmt::format("{}={}", proto::kCgroupFdVariable, kCgroupFd));
  }
  auto child =
      Child::start(loop_, request,
                   {.on_status = [this, &worker](const auto& status) { on_status(worker, status); },
                    .on_dead = [this, &worker] { on_dead(worker); }});
  if (!child) {
    worker.cgroup.reset();
    spawn_failed(worker, child.error());
    return;
  }
  worker.child = *std::move(child);
  worker.spawned_at = monotonic_now();
  orphans_.add_worker(worker.child->pid(), token);
  feed(worker, {.kind = EventKind::spawned});
}

void Fleet::Impl::spawn_failed(Worker& worker, const Error& error) {
  feed(worker,
       {.kind = EventKind::spawn_failed, .detail = error.message, .jitter_ppm = jitter_ppm()});
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
  const Order& order = report.order;
  switch (order.kind) {
    case OrderKind::report_ready:
      if (find(report.crew).machine.state() == State::idle) {
        hooks_.on_ready(report.crew);
      }
      return;
    case OrderKind::report_reaction_failed:
      hooks_.on_reaction_failed(report.crew, report.reaction->slice, report.reaction->attempt,
                                order.outcome, order.detail, report.output);
      return;
    case OrderKind::report_idle_failure:
      hooks_.on_idle_failure(report.crew, order.outcome, order.detail, report.output);
      return;
    case OrderKind::spawn:
    case OrderKind::close_stdin:
    case OrderKind::kill_tree:
      return;
  }
}

void Fleet::Impl::arm(Worker& worker, Reaction reaction, std::optional<MonoTime> deadline) {
  LC_ASSERT(!worker.reaction);  // one reaction at a time
  worker.reaction = reaction;
  feed(worker, {.kind = EventKind::armed, .until = deadline});
}

bool Fleet::Impl::disarm(Worker& worker) {
  if (!worker.machine.accepts_done()) {
    return false;
  }
  worker.reaction.reset();
  feed(worker, {.kind = EventKind::disarmed});
  return true;
}

void Fleet::Impl::shutdown(Micros grace, std::function<void()> on_gone) {
  LC_ASSERT(!on_gone_);
  on_gone_ = std::move(on_gone);
  const MonoTime end = monotonic_now() + grace;
  for (const auto& [crew, worker] : workers_) {
    feed(*worker, {.kind = EventKind::shutdown, .until = end});
  }
  call_next_turn();
}

bool Fleet::Impl::all_gone() const {
  return reports_.empty() && std::ranges::all_of(workers_, [](const auto& entry) {
           const State state = entry.second->machine.state();
           return state == State::stopped || state == State::unkillable;
         });
}

std::int64_t Fleet::Impl::jitter_ppm() {
  constexpr auto span = static_cast<std::uint64_t>(2 * kJitterPpmMax + 1);
  return static_cast<std::int64_t>(random_() % span) - kJitterPpmMax;
}

std::vector<Fleet::WorkerInfo> Fleet::Impl::workers() const {
  const MonoTime now = monotonic_now();
  std::vector<WorkerInfo> out;
  for (const auto& [crew, worker] : workers_) {
    WorkerInfo info;
    info.crew = crew;
    info.state = to_string(worker->machine.state());
    info.restarts = std::max<std::int64_t>(0, worker->spawns - 1);
    info.failures = worker->machine.failures();
    if (worker->child) {
      info.pid = worker->child->pid();
      info.uptime_ms = (now - worker->spawned_at).us / 1000;
      info.output_bytes = worker->child->output_bytes();
    }
    if (const auto due = worker->machine.next_deadline();
        due && worker->machine.state() == State::backoff) {
      info.restarts_in_ms = std::max<std::int64_t>(0, (*due - now).us / 1000);
    }
    out.push_back(std::move(info));
  }
  return out;
}

}  // namespace lc::process
