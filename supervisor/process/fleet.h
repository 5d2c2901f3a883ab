#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/result.h"
#include "common/time.h"
#include "proto/confinement.h"
#include "proto/order.h"
#include "supervisor/process/ended.h"

struct uv_loop_s;

namespace lc {
class Timers;
}

namespace lc::process {

class Cells;
struct Unenforced;

/// What one crew's worker process is made of.
struct WorkerSpec {
  CrewId crew;
  std::vector<std::string> argv;  // argv[0] is the path of the program: absolute, or below `folder`
  std::vector<std::string> env;   // NAME=value, the whole environment
  std::string stdin_line;         // without the line feed; at most kStdinLineBytesMax
  std::string spare_line = {};    // the same for a spare
  std::string folder = {};        // working directory; empty: the supervisor's own
  Micros init_timeout = seconds(30);
  std::optional<Micros> idle_timeout = {};  // of a reaction without progress
  std::int64_t spares = 0;                  // workers that wait to take over
  proto::CgroupLimits limits = {};
};

/// Runs on the loop thread, never from inside a call into the Fleet; every call into the Fleet is
/// allowed from within.
struct FleetHooks {
  /// The worker is subscribed: a reaction may be published.
  std::function<void(const CrewId&)> on_ready;

  /// The worker took an order, which nobody may have armed here. May be empty.
  std::function<void(const CrewId&, const proto::Order&)> on_taken = {};

  /// The worker has answered what it took. May be empty.
  std::function<void(const CrewId&)> on_answered = {};

  /// An armed reaction will never be done. Exactly one of this or a `disarm` that returned true
  /// ends every armed reaction. Comes when the worker's processes are proven gone (or unkillable).
  std::function<void(const Ended&)> on_reaction_failed;

  /// The worker died, or never became ready, without an armed reaction. Also our own failures to
  /// start one (Outcome::spawn_failed, no strike). Not for workers that were told to go.
  std::function<void(const Ended&)> on_idle_failure;

  /// The same of a spare: no strike, whatever it died of. May be empty.
  std::function<void(const Ended&)> on_spare_failure = {};
};

struct FleetOptions {
  const Cells* cells = nullptr;       // outlives the Fleet; null: Containment::session
  std::uint64_t seed = 0;             // of the jitter of restart delays
  int spawns_per_turn_max = 4;        // so that many starts never hold up a beat
  Micros kill_timeout = seconds(2);   // from SIGKILL to UNKILLABLE
  Micros kill_interval = seconds(5);  // between attempts to kill an unkillable worker
};

enum class Outage { off, on };

/// Every crew's worker process, on the loop thread: started, watched, killed on time, restarted.
///
/// A deadline is a SIGKILL of the worker's whole group on an absolute monotonic timer, never early.
/// A new worker of a crew starts only when every process of its last one is proven gone. A worker
/// that fails is restarted by itself, when RestartPolicy says; nothing restarts while many crews
/// lose their workers at once (Brake) or during an outage. A crew's spare, started when its worker
/// is ready, takes over at once. Who counts strikes and gives up is the caller (`stop`).
class Fleet {
 public:
  /// Makes this process the reaper of its orphaned descendants. One Fleet a process.
  /// Call, and everything else here, on the main thread that runs `loop`.
  static Result<std::unique_ptr<Fleet>> create(uv_loop_s* loop, Timers& timers, FleetHooks hooks,
                                               FleetOptions options = {});

  /// Kills whatever is left without waiting for it; `shutdown` is the way to leave in order.
  ~Fleet();
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  /// Adds a crew that has none yet and starts its worker.
  void add(WorkerSpec spec);

  /// Adds a crew that stays stopped until `start` (durably disabled).
  void add_stopped(WorkerSpec spec);

  /// Whether a reaction may be published to it: subscribed, and none armed.
  bool is_ready(const CrewId& crew) const;

  /// The `ready` was published: from now on the worker owes a `done`, until `deadline`.
  /// If the worker is gone by now, `on_reaction_failed` (spawn_failed) follows.
  void arm(const CrewId& crew, SliceIndex slice, Attempt attempt, std::optional<MonoTime> deadline);

  /// The `done` arrived. False: the deadline or the worker's death came first, so the `done` must
  /// be refused; `on_reaction_failed` is on its way.
  [[nodiscard]] bool disarm(const CrewId& crew);

  /// The worker broke the contract: killed, reported as `outcome`, restarted.
  void fail_reaction(const CrewId& crew, proto::Outcome outcome, std::string detail);

  /// Disabled: killed now, not restarted. An armed reaction ends as Outcome::admin.
  void stop(const CrewId& crew);

  /// Enabled again: started now, delays begin anew.
  void start(const CrewId& crew);

  /// NATS is away: nothing restarts until it is back, and what fails meanwhile is excused.
  void set_outage(Outage outage);

  /// Why a failure of what began at `since` is no strike; empty: it is one.
  std::string excuse_since(MonoTime since) const;

  /// Whether something of the crew's worker was killed for want of memory; true once for each one.
  bool take_oom(const CrewId& crew);

  /// What is known of the crew's worker that runs now, for a report of what it answered.
  Ended portrait(const CrewId& crew) const;

  struct SpareInfo {
    std::string state;
    pid_t pid = 0;
  };
  struct WorkerInfo {
    CrewId crew;
    std::string state;  // of README.md's table: idle, reacting, backoff, ...
    pid_t pid = 0;      // 0: no process
    std::int64_t restarts = 0;
    std::int64_t uptime_ms = 0;
    std::int64_t failures = 0;                   // in a row, since the last reaction done
    std::optional<std::int64_t> restarts_in_ms;  // while in backoff
    bool is_flapping = false;                    // more than 10 failures in 10 minutes
    std::int64_t output_bytes = 0;               // written to stdout and stderr by this process
    std::vector<std::string> sandbox_missing;    // what the kernel could not do
    std::vector<SpareInfo> spares;
  };
  std::vector<WorkerInfo> workers() const;  // in crew order

  /// How a worker's processes are held together: a level of Containment.
  std::string_view containment() const;

  /// The limits of crews that this host does not enforce.
  std::vector<Unenforced> unenforced() const;

  /// Whether a process is a worker of ours or came from one, as far as /proc tells.
  bool holds(pid_t pid) const;

  /// Children of this process that are not workers (and lead a session of their own): never reaped
  /// or killed here.
  void leave_to_owner(pid_t pid);
  void forget_owned(pid_t pid);

  /// Closes the workers' standard inputs, waits up to `grace`, kills what is left, then calls
  /// `on_gone`, once. After that only the destructor may be called. An armed reaction ends as
  /// Outcome::shutdown, unless it is disarmed in time.
  void shutdown(Micros grace, std::function<void()> on_gone);

 private:
  class Impl;
  explicit Fleet(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lc::process
