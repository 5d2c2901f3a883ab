#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "common/ids.h"
#include "common/sha256.h"
#include "supervisor/engine/engine.h"
#include "supervisor/journal/recorder.h"
#include "supervisor/rerun/tape.h"

namespace lc::rerun {

/// Who runs in a rerun, and who answers.
struct Cast {
  /// What the engine knows of the crews instead of what the recorded one knew: changes the crews
  /// of recorded settings. Empty: the recorded crews.
  std::function<std::vector<engine::CrewSpec>(std::vector<engine::CrewSpec>)> crews;

  /// Answer for real; everybody else answers from the tape.
  std::set<CrewId> real;
};

/// Sees each step of a rerun.
using OnStep = std::function<void(const engine::Input&, const engine::Effects&)>;

/// Runs a stretch of a tape again: the event clock, one thing after the other, every reaction
/// awaited before the next event is given. What comes out does not depend on anybody's speed. Pure.
///
/// The answer that the tape has of a crew in a slice is given to its reaction there, the k-th to
/// its k-th. One that the tape does not have fails, with an excuse, so that it is no strike.
class LockStep {
 public:
  /// What follows the stretch: nothing, so that what is open closes, or another one.
  enum class Then { end, more };

  /// `run` is the digest of all that was decided before. The stretch outlives it.
  LockStep(const Stretch& stretch, Then then, const Cast& cast, const Sha256& run, OnStep on_step);

  /// Goes on until real crews must answer, or all was given. Returns what concerns real crews, in
  /// order: orders (Dispatch), and that they are disabled or enabled.
  engine::Effects go();

  /// How a reaction or a worker of a real crew ended; `go` goes on.
  void answer(engine::Input input);

  /// Whether everything was given, and answered.
  bool is_done() const { return done_; }

  const engine::Engine& engine() const { return engine_; }
  const Sha256& run() const { return recorder_.end().run; }

  /// The same when all of the stretch was given, before the end was told.
  const Sha256& run_of_tape() const { return run_of_tape_; }

  /// Reactions that the tape had no answer for.
  std::int64_t unknown() const { return unknown_; }

  /// Why such a reaction failed, as its error says.
  static constexpr std::string_view kNotOnTape = "not on the tape";

 private:
  void begin();
  void end();
  void give(const TapeItem& item);
  void take_settings(engine::EngineOptions options);
  void step(engine::Input input);
  void see(const engine::Effect& effect);
  void order(const proto::Ready& ready);
  engine::Input taped(const proto::Ready& ready);
  bool is_ours(const engine::Input& input) const;

  const Stretch& stretch_;
  Then then_;
  Cast cast_;
  OnStep on_step_;
  engine::Engine engine_;
  journal::Recorder recorder_;
  std::size_t next_ = 0;               // item
  std::deque<engine::Input> answers_;  // not given yet
  std::set<CrewId> awaited_;           // real crews that owe an answer
  engine::Effects outside_;
  std::map<std::pair<CrewId, SliceIndex>, std::size_t> asked_;  // of the tape
  std::int64_t unknown_ = 0;
  Sha256 run_of_tape_{};
  bool has_begun_ = false;
  bool has_ended_ = false;
  bool done_ = false;
};

}  // namespace lc::rerun
