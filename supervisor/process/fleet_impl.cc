#include "supervisor/process/fleet_impl.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include "common/check.h"
#include "common/clock.h"

namespace lc::process {
namespace {

// Between two looks at a tree that is dying; deaths of orphans also make us look at once.
constexpr Micros kSweepWaitFirst{200};
constexpr Micros kSweepWaitMax = millis(20);

// A worker says progress every 20 ms at most; who says much more keeps us from our work.
constexpr std::int64_t kStatusLinesMax = 500;  // in a second, beside those of reactions
constexpr std::int64_t kReactionLinesMax = 20'000;

// A worker that dies closes its descriptors just before it counts as dead.
constexpr Micros kSilenceMax = seconds(1);

// Removing cgroups and starting the next spare wait until the one that takes over can react.
constexpr Micros kAfterTakeover = millis(20);

// Of the loop's time, one part in so many may go to looking for orphans.
constexpr std::int64_t kOrphansShare = 10;

}  // namespace

Fleet::Impl::~Impl() {
  timers_.cancel(turn_timer_);
  timers_.cancel(orphans_timer_);
  for_each_worker([this](const Worker& worker) {
    timers_.cancel(worker.deadline_timer);
    timers_.cancel(worker.sweep_timer);
    timers_.cancel(worker.silence_timer);
  });
}

Status Fleet::Impl::watch_deaths() {
  std::signal(SIGPIPE, SIG_IGN);  // a worker may die before it is told to take over
  LC_TRY(deaths_, SignalWatcher::create(loop_, SIGCHLD, [this] { on_orphan_death(); }));
  return {};
}

Lifecycle Fleet::Impl::machine_of(const CrewSlot& crew) const {
  return Lifecycle({.init_timeout = crew.spec.init_timeout,
                    .kill_timeout = options_.kill_timeout,
                    .kill_interval = options_.kill_interval});
}

void Fleet::Impl::add(WorkerSpec spec, EventKind first) {
  const CrewId id = spec.crew;
  LC_ASSERT(!crews_.contains(id));
  auto crew = std::make_unique<CrewSlot>();
  CrewSlot& added = *crew;
  added.spec = std::move(spec);
  added.active = std::make_unique<Worker>(Worker{.crew = added, .machine = machine_of(added)});
  for (int i = 0; i < added.spec.spares; ++i) {
    added.spares.push_back(
        std::make_unique<Worker>(Worker{.crew = added, .machine = machine_of(added)}));
    added.spares.back()->machine.on({.kind = EventKind::demote}, monotonic_now());
  }
  crews_.emplace(id, std::move(crew));
  brake_.set_crews(crews_.size());
  feed(*added.active, {.kind = first});
}

CrewSlot& Fleet::Impl::find(const CrewId& crew) {
  const auto found = crews_.find(crew);
  LC_ASSERT(found != crews_.end());
  return *found->second;
}

/// Every event goes through here: the machine decides, the orders are carried out.
void Fleet::Impl::feed(Worker& worker, Event event) {
  bool kill_ordered = false;
  for (const Order& order : worker.machine.on(event, monotonic_now())) {
    kill_ordered = kill_ordered || order.kind == OrderKind::kill_tree;
    obey(worker, order);
  }
  set_deadline(worker);
  if (kill_ordered) {
    try_finish(worker);
  }
}

void Fleet::Impl::obey(Worker& worker, const Order& order) {
  switch (order.kind) {
    case OrderKind::spawn:
      if (!std::exchange(worker.queued, true)) {
        to_spawn_.push_back(&worker);
      }
      break;
    case OrderKind::close_stdin:
      worker.child->close_stdin();
      return;
    case OrderKind::subscribe:
      worker.child->subscribe();
      return;
    case OrderKind::kill_tree:
      worker.child->kill();
      if (worker.cell) {
        worker.cell->kill();
      }
      worker.sweep_wait = kSweepWaitFirst;
      return;
    case OrderKind::report_ready:
      wake_spares(worker.crew);
      reports_.push_back({Report::Kind::ready, {.crew = worker.crew.spec.crew}});
      break;
    case OrderKind::report_reaction_failed:
    case OrderKind::report_idle_failure:
      report(worker, order);
      break;
  }
  call_next_turn(monotonic_now());
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

/// Of a worker whose leader is dead: whether nothing of its tree is left.
bool Fleet::Impl::is_gone(const Worker& worker) const {
  switch (options_.cells == nullptr ? Containment::session : options_.cells->level()) {
    case Containment::cgroup:
      return !worker.cell->is_populated();
    case Containment::pidns:
      return true;  // the kernel has waited for all the others
    case Containment::session:
      return orphans_.sweep(worker.child->pid());
  }
  return true;
}

/// If the worker is being killed: proves that its tree is gone, or looks again soon.
void Fleet::Impl::try_finish(Worker& worker) {
  const State state = worker.machine.state();
  if ((state != State::killing && state != State::unkillable) || !worker.child->exit()) {
    return;  // its pidfd tells when the leader is dead
  }
  timers_.cancel(worker.sweep_timer);
  if (!is_gone(worker)) {
    worker.sweep_timer = timers_.arm(monotonic_now() + worker.sweep_wait, [this, &worker] {
      try_finish(worker);
      settle();
    });
    worker.sweep_wait = std::min(Micros{worker.sweep_wait.us * 2}, kSweepWaitMax);
    return;
  }
  retire(worker);
  feed(worker, {.kind = EventKind::tree_gone, .delay = delay_after(worker)});
  take_over(worker);
}

/// Reaps the leader and keeps what is known of it for the report.
void Fleet::Impl::retire(Worker& worker) {
  Child& child = *worker.child;
  child.retire();
  orphans_.remove_worker(child.pid());
  timers_.cancel(worker.silence_timer);
  worker.last = {.pid = child.pid(),
                 .generation = worker.generation,
                 .uptime_ms = (monotonic_now() - worker.spawned_at).us / 1000,
                 .exit = child.exit(),
                 .usage = child.usage(),
                 .forks_refused = worker.cell ? worker.cell->forks_refused() : std::nullopt,
                 .output_bytes = child.output_bytes(),
                 .output = child.output()};
  retired_.push_back(std::move(worker.child));
  if (worker.cell) {
    // The kernel's figure for one process begins with what its parent had before exec.
    worker.last.usage->memory_max_kib =
        worker.cell->memory_max_kib().value_or(worker.last.usage->memory_max_kib);
    emptied_.emplace_back(monotonic_now() + kAfterTakeover, std::move(worker.cell));
  }
  call_next_turn(monotonic_now());
}

/// A spare becomes the crew's worker, and the dead one's place that of a spare: who takes over does
/// not wait for the restart delay, who replaces it does.
void Fleet::Impl::take_over(Worker& dead) {
  CrewSlot& crew = dead.crew;
  const State state = dead.machine.state();
  if (&dead != crew.active.get() || (state != State::spawning && state != State::backoff)) {
    return;
  }
  for (const State wanted : {State::standby, State::starting}) {
    const auto spare = std::ranges::find_if(
        crew.spares, [wanted](const auto& each) { return each->machine.state() == wanted; });
    if (spare != crew.spares.end()) {
      std::swap(crew.active, *spare);
      feed(**spare, {.kind = EventKind::demote});
      crew.starts += 1;
      crew.spare_not_before = monotonic_now() + kAfterTakeover;
      feed(*crew.active, {.kind = EventKind::promote});
      return;
    }
  }
}

void Fleet::Impl::wake_spares(CrewSlot& crew) {
  for (const auto& spare : crew.spares) {
    const State state = spare->machine.state();
    if (state == State::stopped || state == State::disabled) {
      feed(*spare, {.kind = EventKind::enable});
    }
  }
}

// What a worker says that is being killed is nobody's business.
bool Fleet::Impl::may_react(const Worker& worker) {
  const State state = worker.machine.state();
  return &worker == worker.crew.active.get() &&
         (state == State::idle || state == State::reacting || state == State::leaving);
}

void Fleet::Impl::on_status(Worker& worker, const Result<WorkerStatus>& status) {
  const MonoTime now = monotonic_now();
  if (now - worker.status_window >= seconds(1)) {
    worker.status_window = now;
    worker.status_lines = 0;
    worker.reaction_lines = 0;
  }
  const bool of_reaction = status && (status->state == WorkerStatus::State::taken ||
                                      status->state == WorkerStatus::State::answered);
  if (of_reaction ? ++worker.reaction_lines > kReactionLinesMax
                  : ++worker.status_lines > kStatusLinesMax) {
    feed(worker, {.kind = EventKind::broken,
                  .outcome = proto::Outcome::protocol,
                  .detail = "flooded its status descriptor (3)"});
    settle();
    return;
  }
  if (!status) {
    feed(worker, {.kind = EventKind::broken,
                  .outcome = proto::Outcome::protocol,
                  .detail = status.error().message});
    settle();
    return;
  }
  switch (status->state) {
    case WorkerStatus::State::ready:
    case WorkerStatus::State::standby: {
      worker.missing = status->missing;
      const bool ready = status->state == WorkerStatus::State::ready;
      feed(worker, {.kind = ready ? EventKind::ready : EventKind::standby});
      break;
    }
    case WorkerStatus::State::taken:
    case WorkerStatus::State::answered:
      if (may_react(worker)) {
        const bool taken = status->state == WorkerStatus::State::taken;
        reports_.push_back({taken ? Report::Kind::taken : Report::Kind::answered,
                            {.crew = worker.crew.spec.crew},
                            status->order});
      }
      break;
    case WorkerStatus::State::progress:
      feed(worker, {.kind = EventKind::progress});
      break;
    case WorkerStatus::State::failed:
      feed(worker, {.kind = EventKind::failed, .detail = status->message});
      break;
  }
  settle();
}

/// It closed the only way to tell how it is: unless it is dying, it broke the contract.
void Fleet::Impl::on_silence(Worker& worker) {
  worker.silence_timer = timers_.arm(monotonic_now() + kSilenceMax, [this, &worker] {
    worker.silence_timer = {};
    feed(worker, {.kind = EventKind::broken,
                  .outcome = proto::Outcome::protocol,
                  .detail = "closed its status descriptor (3) and lives"});
    settle();
  });
}

void Fleet::Impl::on_dead(Worker& worker) {
  feed(worker, {.kind = EventKind::exited,
                .exit = *worker.child->exit(),
                .memory = worker.cell ? worker.cell->memory() : Memory::enough});
  if (worker.child) {
    try_finish(worker);  // it was being killed already
  }
  settle();
}

void Fleet::Impl::on_orphan_death() {
  if (orphans_timer_ != TimerId{}) {
    return;
  }
  const MonoTime now = monotonic_now();
  if (now >= orphans_next_) {
    look_at_orphans();
    return;
  }
  orphans_timer_ = timers_.arm(orphans_next_, [this] {
    orphans_timer_ = {};
    look_at_orphans();
  });
}

void Fleet::Impl::look_at_orphans() {
  const MonoTime start = monotonic_now();
  orphans_.reap();
  for_each_worker([this](Worker& worker) {
    if (worker.child) {
      try_finish(worker);
    }
  });
  const MonoTime end = monotonic_now();
  orphans_next_ = end + Micros{(end - start).us * (kOrphansShare - 1)};
  settle();
}

void Fleet::Impl::arm(CrewSlot& crew, Reaction reaction, std::optional<MonoTime> deadline) {
  LC_ASSERT(!crew.reaction);  // one reaction at a time
  crew.reaction = reaction;
  crew.armed_at = monotonic_now();
  feed(*crew.active, {.kind = EventKind::armed, .until = deadline, .idle = crew.spec.idle_timeout});
}

bool Fleet::Impl::disarm(CrewSlot& crew) {
  if (!crew.active->machine.accepts_done()) {
    return false;
  }
  crew.reaction.reset();
  crew.policy.succeeded();
  feed(*crew.active, {.kind = EventKind::disarmed});
  return true;
}

void Fleet::Impl::stop(CrewSlot& crew) {
  for (const auto& spare : crew.spares) {
    feed(*spare, {.kind = EventKind::disable});
  }
  feed(*crew.active, {.kind = EventKind::disable});
}

void Fleet::Impl::start(CrewSlot& crew) {
  crew.policy.reset();
  crew.spare_policy.reset();
  feed(*crew.active, {.kind = EventKind::enable});
}

bool Fleet::Impl::take_oom(CrewSlot& crew) {
  const Worker& worker = *crew.active;
  if (!worker.cell || worker.cell->memory() == Memory::enough) {
    return false;
  }
  return std::exchange(crew.oom_told, worker.generation) != worker.generation;
}

void Fleet::Impl::shutdown(Micros grace, std::function<void()> on_gone) {
  LC_ASSERT(!on_gone_);
  on_gone_ = std::move(on_gone);
  const MonoTime end = monotonic_now() + grace;
  for_each_worker(
      [this, end](Worker& worker) { feed(worker, {.kind = EventKind::shutdown, .until = end}); });
  call_next_turn(monotonic_now());
}

bool Fleet::Impl::all_gone() const {
  bool gone = reports_.empty();
  for_each_worker([&gone](const Worker& worker) {
    const State state = worker.machine.state();
    gone = gone && (state == State::stopped || state == State::unkillable);
  });
  return gone;
}

std::int64_t Fleet::Impl::jitter_ppm() {
  constexpr auto span = static_cast<std::uint64_t>(2 * kJitterPpmMax + 1);
  return static_cast<std::int64_t>(random_() % span) - kJitterPpmMax;
}

}  // namespace lc::process
