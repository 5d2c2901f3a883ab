#pragma once

#include <uv.h>

#include <deque>
#include <map>
#include <random>
#include <utility>

#include "common/timers.h"
#include "common/uv.h"
#include "supervisor/process/cell.h"
#include "supervisor/process/child.h"
#include "supervisor/process/fleet.h"
#include "supervisor/process/lifecycle.h"
#include "supervisor/process/orphans.h"
#include "supervisor/process/restart_policy.h"

namespace lc::process {

struct CrewSlot;

/// One process of a crew, or the place for one.
struct Worker {
  CrewSlot& crew;
  Lifecycle machine;
  std::unique_ptr<Cell> cell;  // of the child
  std::unique_ptr<Child> child;
  std::int64_t generation = 0;
  MonoTime spawned_at;
  bool queued = false;  // waits for its turn to be spawned
  std::vector<std::string> missing;
  MonoTime status_window;         // of status_lines
  std::int64_t status_lines = 0;  // in this second
  std::int64_t reaction_lines = 0;
  Ended last;  // of the child that is gone: what is known before the report
  TimerId deadline_timer;
  std::optional<MonoTime> deadline_at;
  TimerId sweep_timer;
  Micros sweep_wait;  // until the tree is looked at again
  TimerId silence_timer;
};

struct CrewSlot {
  WorkerSpec spec;
  std::unique_ptr<Worker> active;
  std::vector<std::unique_ptr<Worker>> spares;
  RestartPolicy policy;
  RestartPolicy spare_policy;
  std::optional<Reaction> reaction;
  MonoTime armed_at;
  std::int64_t generations = 0;
  std::int64_t starts = 0;  // processes that became the crew's worker
  std::int64_t oom_told = 0;
  MonoTime spare_not_before;  // who takes over has the processor for itself first
};

/// A hook to be called, when no call into the Fleet is on the stack.
struct Report {
  enum class Kind {
    ready,
    taken,
    answered,
    reaction_failed,
    idle_failure,
    spare_failure
  } kind = Kind::ready;
  Ended ended;         // the first three: only the crew
  proto::Order order;  // taken
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
  CrewSlot& find(const CrewId& crew);
  const CrewSlot& find(const CrewId& crew) const { return const_cast<Impl*>(this)->find(crew); }
  void feed(Worker& worker, Event event);
  void arm(CrewSlot& crew, Reaction reaction, std::optional<MonoTime> deadline);
  bool disarm(CrewSlot& crew);
  void stop(CrewSlot& crew);
  void start(CrewSlot& crew);
  void set_outage(Outage outage);
  std::string excuse_since(MonoTime since) const;
  bool take_oom(CrewSlot& crew);
  Ended portrait(const Worker& worker) const;
  void shutdown(Micros grace, std::function<void()> on_gone);
  std::vector<WorkerInfo> workers() const;
  bool holds(pid_t pid) const;
  std::string_view containment() const;
  std::vector<Unenforced> unenforced() const;
  Orphans& orphans() { return orphans_; }

 private:
  Lifecycle machine_of(const CrewSlot& crew) const;
  void obey(Worker& worker, const Order& order);
  void set_deadline(Worker& worker);
  void try_finish(Worker& worker);
  bool is_gone(const Worker& worker) const;
  void retire(Worker& worker);
  void take_over(Worker& dead);
  void wake_spares(CrewSlot& crew);
  static bool may_react(const Worker& worker);
  void on_status(Worker& worker, const Result<WorkerStatus>& status);
  void on_silence(Worker& worker);
  void on_dead(Worker& worker);
  void on_orphan_death();
  void look_at_orphans();
  void call_next_turn(MonoTime at);
  void turn();
  void remove_emptied();
  void spawn_some();
  std::optional<MonoTime> held_until(const Worker& worker, MonoTime now);
  void spawn(Worker& worker);
  void spawn_failed(Worker& worker, const Error& error);
  static RestartPolicy& policy_of(const Worker& worker);
  Micros delay_after(const Worker& worker);
  void settle();
  void report(Worker& worker, const Order& order);
  Ended ended(const Worker& worker, const Failure& failure) const;
  std::string excuse_of(const CrewSlot& crew, const Failure& failure, MonoTime since);
  void tell(const Report& report);
  bool all_gone() const;
  std::int64_t jitter_ppm();
  template <class Each>
  void for_each_worker(Each each) const {
    for (const auto& [id, crew] : crews_) {
      each(*crew->active);
      for (const auto& spare : crew->spares) {
        each(*spare);
      }
    }
  }

  uv_loop_t* loop_;
  Timers& timers_;
  FleetHooks hooks_;
  FleetOptions options_;
  std::mt19937_64 random_;
  Orphans orphans_;
  std::unique_ptr<SignalWatcher> deaths_;
  std::map<CrewId, std::unique_ptr<CrewSlot>> crews_;
  std::deque<Worker*> to_spawn_;
  std::deque<Report> reports_;
  std::vector<std::unique_ptr<Child>> retired_;  // freed when none of their hooks can be running
  std::deque<std::pair<MonoTime, std::unique_ptr<Cell>>> emptied_;  // and when to remove them
  Brake brake_;
  RestartBudget budget_;
  bool outage_ = false;
  std::optional<MonoTime> outage_ended_;
  TimerId turn_timer_;
  MonoTime turn_at_;
  TimerId orphans_timer_;
  MonoTime orphans_next_;  // a look at all orphans takes long when there are thousands
  std::function<void()> on_gone_;
  int last_looks_ = 0;
};

}  // namespace lc::process
