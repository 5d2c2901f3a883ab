#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/timers.h"
#include "common/uv.h"
#include "supervisor/process/cell.h"
#include "supervisor/process/fleet.h"

namespace lc::bench {

inline const CrewId kCrew{"bench"};

/// A Fleet with one crew on a loop of its own, as a supervisor has it.
class Host {
 public:
  /// What the Fleet told of the last worker that failed, and when by this program's clock.
  struct Failed {
    process::Ended ended;
    MonoTime at;
  };

  /// `probe` joins cgroups and leaves with exit code 0.
  explicit Host(const std::vector<std::string>& probe);
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  ~Host();  // nothing of the workers is left after it

  /// Turns the loop until `done()` holds; ends the program when that takes too long.
  void until(const std::function<bool()>& done);

  /// Lets a ready worker run into a deadline and waits until it is told; as after an operator's
  /// `enable`, so that no restart waits.
  Failed miss_deadline(MonoTime deadline);

  process::Fleet& fleet() { return *fleet_; }
  const std::string& cgroups_name() const { return cgroups_name_; }
  uv_loop_t* loop() { return loop_->get(); }
  process::Fleet::WorkerInfo worker() const;

  /// Runs on every `ready` of a worker.
  std::function<void()> on_ready;

 private:
  void failed(const process::Ended& ended);

  std::string cgroups_name_;
  std::unique_ptr<UvLoop> loop_;
  std::unique_ptr<LoopTimers> timers_;
  std::unique_ptr<process::Cells> cells_;
  std::unique_ptr<process::Fleet> fleet_;
  std::optional<Failed> failed_;
  std::int64_t slice_ = 0;
};

/// Ends the program with these words, and all workers.
[[noreturn]] void give_up(std::string_view words);

/// The value, or the end of the program.
template <class T>
T must(Result<T> result) {
  if (!result) {
    give_up(result.error().message);
  }
  return *std::move(result);
}

}  // namespace lc::bench
