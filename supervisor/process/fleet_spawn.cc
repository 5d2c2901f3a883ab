#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "common/check.h"
#include "common/clock.h"
#include "supervisor/process/fleet_impl.h"

// Which workers start when, and how.
namespace lc::process {
namespace {

constexpr Micros kLastLook = millis(1);
constexpr int kLastLooksMax = 2'000;

}  // namespace

void Fleet::Impl::call_next_turn(MonoTime at) {
  if (turn_timer_ != TimerId{} && turn_at_ <= at) {
    return;
  }
  timers_.cancel(turn_timer_);
  turn_at_ = at;
  turn_timer_ = timers_.arm(at, [this] { turn(); });
}

void Fleet::Impl::turn() {
  turn_timer_ = {};
  retired_.clear();
  remove_emptied();
  spawn_some();
  settle();
  if (on_gone_ && all_gone()) {
    // What was killed leaves its cgroup just before its parent can reap it.
    if (!orphans_.reap() && ++last_looks_ <= kLastLooksMax) {
      call_next_turn(monotonic_now() + kLastLook);
      return;
    }
    std::exchange(on_gone_, nullptr)();  // may destroy the Fleet
  }
}

void Fleet::Impl::remove_emptied() {
  const MonoTime now = monotonic_now();
  while (!emptied_.empty() && (emptied_.front().first <= now || on_gone_)) {
    emptied_.pop_front();
  }
  if (!emptied_.empty()) {
    call_next_turn(emptied_.front().first);
  }
}

/// Until when this worker may not start, if it has to wait; takes from the budget otherwise.
std::optional<MonoTime> Fleet::Impl::held_until(const Worker& worker, MonoTime now) {
  if (worker.generation == 0) {
    return std::nullopt;  // first starts are no restarts
  }
  if (worker.machine.role() == Role::spare && now < worker.crew.spare_not_before) {
    return worker.crew.spare_not_before;
  }
  if (outage_) {
    return now + seconds(3600);  // the end of the outage wakes us
  }
  const auto held = brake_.held_until(now);
  return held ? held : budget_.take(now);
}

void Fleet::Impl::spawn_some() {
  const MonoTime now = monotonic_now();
  std::deque<Worker*> held;
  for (int spawned = 0; spawned < options_.spawns_per_turn_max && !to_spawn_.empty();) {
    Worker& worker = *to_spawn_.front();
    to_spawn_.pop_front();
    if (worker.machine.state() != State::spawning) {
      worker.queued = false;
    } else if (const auto until = held_until(worker, now)) {
      held.push_back(&worker);
      call_next_turn(*until);
    } else {
      worker.queued = false;
      spawn(worker);
      spawned += 1;
    }
  }
  if (!to_spawn_.empty()) {
    call_next_turn(now);
  }
  to_spawn_.insert(to_spawn_.end(), held.begin(), held.end());
}

void Fleet::Impl::spawn(Worker& worker) {
  LC_ASSERT(!worker.child);
  CrewSlot& crew = worker.crew;
  const bool active = worker.machine.role() == Role::active;
  worker.generation = ++crew.generations;
  crew.starts += active ? 1 : 0;
  worker.last = {};
  worker.missing.clear();
  const auto name = fmt::format("{}.{}", crew.spec.crew.value, worker.generation);
  const auto token = fmt::format("{}.{}.{}", crew.spec.crew.value, ::getpid(), worker.generation);
  SpawnRequest request{.argv = crew.spec.argv,
                       .env = crew.spec.env,
                       .stdin_line = active ? crew.spec.stdin_line : crew.spec.spare_line,
                       .folder = crew.spec.folder};
  request.env.push_back(fmt::format("{}={}", kTokenVariable, token));
  if (options_.cells != nullptr) {
    auto cell = options_.cells->make(name, crew.spec.limits);
    if (!cell) {
      spawn_failed(worker, cell.error());
      return;
    }
    worker.cell = *std::move(cell);
    request.doors = worker.cell->doors();
    if (!request.doors.empty()) {
      request.env.push_back(door_variable(*worker.cell));
    }
    if (options_.cells->level() == Containment::pidns) {
      request.pids = PidNamespace::fresh;
    }
  }
  auto child =
      Child::start(loop_, request,
                   {.on_status = [this, &worker](const auto& status) { on_status(worker, status); },
                    .on_silence = [this, &worker] { on_silence(worker); },
                    .on_dead = [this, &worker] { on_dead(worker); }});
  if (!child) {
    worker.cell.reset();
    spawn_failed(worker, child.error());
    return;
  }
  worker.child = *std::move(child);
  worker.spawned_at = monotonic_now();
  orphans_.add_worker(worker.child->pid(), token);
  feed(worker, {.kind = EventKind::spawned});
}

RestartPolicy& Fleet::Impl::policy_of(const Worker& worker) {
  return worker.machine.role() == Role::active ? worker.crew.policy : worker.crew.spare_policy;
}

void Fleet::Impl::spawn_failed(Worker& worker, const Error& error) {
  feed(worker, {.kind = EventKind::spawn_failed,
                .detail = error.message,
                .delay = policy_of(worker).failed(monotonic_now(), jitter_ppm())});
}

/// How long the place of a worker that is gone stays empty.
Micros Fleet::Impl::delay_after(const Worker& worker) {
  return is_failure(worker.machine.cause().outcome)
             ? policy_of(worker).failed(monotonic_now(), jitter_ppm())
             : Micros{};
}

void Fleet::Impl::set_outage(Outage outage) {
  const bool now_out = outage == Outage::on;
  if (std::exchange(outage_, now_out) && !now_out) {
    outage_ended_ = monotonic_now();
    call_next_turn(*outage_ended_);
  }
}

}  // namespace lc::process
