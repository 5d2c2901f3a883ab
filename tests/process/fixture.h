#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/fd.h"
#include "common/timers.h"
#include "common/uv.h"
#include "supervisor/process/fleet.h"

namespace lc::process {

/// No test waits for a time: this is only how long a broken one may take.
inline constexpr Micros kPatience = seconds(30);

inline const CrewId kCrew{"vision"};
inline constexpr SliceIndex kSlice{83};
inline constexpr Attempt kAttempt{2};

/// What a hook was told, and when.
struct Told {
  enum class What { ready, reaction_failed, idle_failure, spare_failure } what = What::ready;
  Ended ended;  // ready: only the crew
  MonoTime at;

  proto::Outcome outcome() const { return ended.outcome; }
};

/// A fleet of chaos workers on a loop of its own. Its end checks that no child and no handle is
/// left.
class FleetFixture {
 public:
  explicit FleetFixture(FleetOptions options = {.seed = 1});
  ~FleetFixture();

  /// Turns the loop until `done()` holds; fails the test after kPatience.
  void until(const std::function<bool()>& done);

  void add(const CrewId& crew, std::vector<std::string> steps, Micros init_timeout = seconds(30));
  void add_spec(WorkerSpec spec, std::vector<std::string> steps);  // without argv
  void add(std::vector<std::string> steps) { add(kCrew, std::move(steps)); }
  void until_ready(const CrewId& crew = kCrew);
  /// A cgroup goes soon after its worker is proven gone.
  void until_removed(const std::string& folder);
  /// The next failure that a hook is told.
  Told until_failure();
  Fleet::WorkerInfo info(const CrewId& crew = kCrew) const;
  void shut_down(Micros grace = seconds(10));

  UvLoop& loop() { return *loop_; }
  Timers& timers() { return *timers_; }
  Fleet& fleet() { return *fleet_; }
  const std::vector<Told>& told() const { return told_; }
  std::vector<proto::Order> taken;  // what workers said
  std::int64_t answered = 0;
  /// A second thing to do on every hook that tells an end.
  std::function<void(const Told&)> on_told;

 private:
  std::unique_ptr<UvLoop> loop_;
  std::unique_ptr<LoopTimers> timers_;
  std::unique_ptr<Fleet> fleet_;
  std::vector<Told> told_;
  std::size_t failures_seen_ = 0;
};

std::string chaos_worker_path();
std::string fleet_host_path();

/// Processes, living or dead, whose environment carries this test's workers' token, or that are our
/// children.
std::vector<pid_t> processes_left();

/// Processes that carry `LIVE_CREW_WORKER=<prefix>...`, in no order.
std::vector<pid_t> processes_of(const std::string& token_prefix);

int open_descriptors();

}  // namespace lc::process
