#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "supervisor/engine/engine.h"

namespace lc::sim {

/// Watches an engine from outside and notes every promise that it breaks. Knows the rules by
/// itself: it keeps its own books of who is owed which event, in plain unbounded sets.
class Auditor {
 public:
  explicit Auditor(engine::EngineOptions options);

  /// One step: what the engine was told and what it answered.
  void observe(const engine::Input& input, const engine::Effects& effects);

  /// What the engine says of itself after a step.
  void compare(const engine::Engine& engine);

  /// Every event must by now be in a slice or refused.
  void expect_all_settled();

  const std::vector<std::string>& violations() const { return violations_; }
  std::int64_t slices_closed() const { return slices_closed_; }
  std::int64_t dispatches() const { return dispatches_; }

 private:
  struct Owed {
    SliceIndex slice;
    StreamSeq seq;

    auto operator<=>(const Owed&) const = default;
  };

  struct Crew {
    engine::CrewSpec spec;
    std::set<Owed> pending;
    std::int64_t collapsed = 0;  // events given up by `latest`, not yet reported
    std::set<StreamSeq> given;
    std::set<std::int64_t> completed;
    std::optional<std::pair<SliceIndex, Attempt>> in_flight;
    bool is_lost = false;  // it is to be dispatched anew
    std::map<SliceIndex, std::int64_t> attempts;
    bool enabled = true;
    std::int64_t strikes = 0;
  };

  struct Standing {
    std::size_t held = 0;
    std::size_t hopeless = 0;
    std::vector<std::string> unmet;
  };

  void see(const engine::Dispatch& effect);
  void see_anew(Crew& crew, const proto::Ready& ready);
  void see(const engine::PublishAction& effect);
  void see(const engine::PublishSnapshot& effect);
  void see(const engine::ReportError& effect);
  void see(const engine::ReactionEnded& effect);
  void see(const engine::CrewDisabled& effect);
  void see(const engine::CrewStruck& effect);
  void see(const engine::CrewEnabled& effect);
  void see(const engine::EventBinned& effect);
  void see(const engine::SliceClosed& effect);
  void see(const engine::Finished& effect);

  void open_up_to(SliceIndex slice);
  SliceIndex last_slice_of(const proto::ErrorReport& report) const;
  void owe(Crew& crew, SliceIndex slice, StreamSeq seq);
  void owe_slice(SliceIndex slice, proto::DispatchMode mode);
  void dropped(Crew& crew, std::int64_t events);
  bool happened(const proto::Need& need, std::int64_t from, std::int64_t to) const;
  Standing standing(const Crew& crew, SliceIndex trigger, SliceIndex at) const;
  bool may_run(const Crew& crew, const Standing& standing, SliceIndex trigger, SliceIndex at) const;
  void check_needs(const Crew& crew, const proto::Ready& ready, SliceIndex trigger);
  void check_events(Crew& crew, const proto::Ready& ready);
  void check_waiting(const engine::SliceClosed& closed);
  void settle(StreamSeq seq);
  void expect(bool condition, const std::string& promise);

  engine::EngineOptions options_;
  std::map<CrewId, Crew> crews_;
  std::map<StreamSeq, Kind> kinds_;                       // of every event that arrived
  std::set<StreamSeq> unsettled_;                         // neither binned nor refused yet
  std::map<SliceIndex, std::set<StreamSeq>> bins_;        // every slice ever
  std::map<std::string, std::set<std::int64_t>> binned_;  // kind -> slices
  std::set<std::string> action_ids_;
  SliceIndex open_;
  Revision revision_;
  std::optional<SliceIndex> last_closed_;
  bool finished_ = false;
  std::int64_t slices_closed_ = 0;
  std::int64_t dispatches_ = 0;
  std::vector<std::string> violations_;
};

}  // namespace lc::sim
