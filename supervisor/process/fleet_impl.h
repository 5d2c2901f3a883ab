#pragma once

#include <uv.h>

#include <deque>
#include <map>
#include <random>

#include "common/timers.h"
#include "common/uv.h"
#include "supervisor/process/cgroup.h"
#include "supervisor/process/child.h"
#include "supervisor/process/fleet.h"
#include "supervisor/process/lifecycle.h"
#include "supervisor/process/orphans.h"

namespace lc::process {

struct Reaction {
  SliceIndex slice;
  Attempt attempt;
};

struct Worker {
  WorkerSpec spec;
  Lifecycle machine;
  std::unique_ptr<Cgroup> cgroup;  // of the child, when there are cgroups
  std::unique_ptr<Child> child;
  std::optional<Reaction> reaction;
  std::int64_t spawns = 0;
  MonoTime spawned_at;
  bool queued = false;      // waits for its turn to be spawned
  std::string last_output;  // of the child that is gone
  TimerId deadline_timer;
  std::optional<MonoTime> deadline_at;
  TimerId sweep_timer;
  Micros sweep_wait;  // until the tree is looked at again
};

/// A hook to be called, when no call into the Fleet is on the stack.
struct Report {
  CrewId crew;
  Order order;
  std::optional<Reaction> reaction;
  std::string output;
};

/// Carries out what the lifecycles of the workers order.
class Fleet::Impl {
 public:
  Impl(uv_loop_t* loop, Timers& timers, FleetHooks hooks, FleetOptions options, Orphans orphans)
      : loop_(loop),
        timers_(timers),
        hooks_(std::move(hooks)),
        options_(options),
        random_(options.seed),
        orphans_(std::move(orphans)) {}
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Status watch_deaths();
  void add(WorkerSpec spec, EventKind first);
  Worker& find(const CrewId& crew);
  const Worker& find(const CrewId& crew) const { return const_cast<Impl*>(this)->find(crew); }
  void feed(Worker& worker, Event event);
  void arm(Worker& worker, Reaction reaction, std::optional<MonoTime> deadline);
  bool disarm(Worker& worker);
  void shutdown(Micros grace, std::function<void()> on_gone);
  std::vector<WorkerInfo> workers() const;
  std::string_view containment() const { return options_.cgroups ? "cgroup" : "session"; }
  Orphans& orphans() { return orphans_; }

 private:
  void obey(Worker& worker, Order order);
  void set_deadline(Worker& worker);
  void try_finish(Worker& worker);
  void on_status(Worker& worker, const Result<WorkerStatus>& status);
  void on_dead(Worker& worker);
  void on_orphan_death();
  void call_next_turn();
  void turn();
  void spawn_some();
  void spawn(Worker& worker);
  void spawn_failed(Worker& worker, const Error& error);
  void settle();
  void tell(const Report& report);
  bool all_gone() const;
  std::int64_t jitter_ppm();

  uv_loop_t* loop_;
  Timers& timers_;
  FleetHooks hooks_;
  FleetOptions options_;
  std::mt19937_64 random_;
  Orphans orphans_;
  std::unique_ptr<SignalWatcher> deaths_;
  std::map<CrewId, std::unique_ptr<Worker>> workers_;
  std::deque<Worker*> to_spawn_;
  std::deque<Report> reports_;
  std::vector<std::unique_ptr<Child>> retired_;  // freed when none of their hooks can be running
  TimerId turn_timer_;
  std::function<void()> on_gone_;
};

}  // namespace lc::process
