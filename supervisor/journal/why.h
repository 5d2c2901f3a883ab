#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/ids.h"
#include "supervisor/journal/explain.h"
#include "supervisor/journal/replay.h"

namespace lc::journal {

/// Watches a replay up to one beat, to say why a crew ran there or did not. Pure.
class Why {
 public:
  /// A reaction of the crew for the slice.
  struct Dispatched {
    std::int64_t record = 0;
    Attempt attempt;
    std::vector<std::string> missing;  // needs that did not hold

    bool operator==(const Dispatched&) const = default;
  };
  /// What was said of the crew when the slice was closed.
  struct Reported {
    std::int64_t record = 0;
    std::string reason;
    std::string detail;  // a JSON object
  };

  Why(CrewId crew, SliceIndex slice) : crew_(std::move(crew)), slice_(slice) {}

  /// What a step of `record` will be told, and who does not know it yet.
  void before(const engine::EngineOptions& options, const engine::Engine& engine,
              const engine::Input& input);
  void after(const engine::Effects& effects, std::int64_t record, SliceIndex open);

  /// Whether nothing that follows can add to the answer.
  bool is_done() const { return done_; }

  /// The slice was closed before the first record that was watched.
  bool was_too_early() const { return too_early_; }

  /// The beat; nothing when the journal ends before it.
  const std::optional<Explanation>& explanation() const { return explanation_; }
  std::int64_t record() const { return record_; }  // that closed the slice
  /// With the event clock, a slice that has nothing to do is stepped over and has no beat.
  bool had_beat() const { return had_beat_; }
  bool is_crew_known() const { return is_crew_known_; }
  const std::vector<Dispatched>& dispatched() const { return dispatched_; }
  const std::vector<Reported>& reported() const { return reported_; }

 private:
  bool may_close(const engine::EngineOptions& options, const engine::Engine& engine,
                 const engine::Input& input);

  CrewId crew_;
  SliceIndex slice_;
  bool begun_ = false;
  bool has_later_ = false;  // event clock: something came that can end the slice
  bool too_early_ = false;
  bool done_ = false;
  bool had_beat_ = false;
  bool is_crew_known_ = true;
  std::int64_t record_ = 0;
  std::optional<Explanation> candidate_;  // of the step at hand
  std::optional<Explanation> explanation_;
  std::vector<Dispatched> dispatched_;
  std::vector<Reported> reported_;
};

}  // namespace lc::journal
