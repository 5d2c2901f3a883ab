#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/engine/engine.h"

namespace lc::cli {

/// Turns the effects of an engine into one line per slice and a summary.
///
/// A line belongs to the time from a slice's beat to the next one: who the beat woke and who waits,
/// then what ended and went wrong before the next beat. What crews with `dispatch: event` do in a
/// slice before its beat stands in that slice's line too.
class SimulationReport {
 public:
  explicit SimulationReport(std::function<void(const std::string&)> print)
      : print_(std::move(print)) {}

  /// `open` is the open slice before the step.
  void take(const engine::Effects& effects, SliceIndex open);

  /// Prints the lines that are left, and the summary.
  void finish(const proto::Snapshot& snapshot);

  std::int64_t lines_printed() const { return slices_; }

 private:
  struct Line {
    std::int64_t events = 0;
    std::vector<std::string> ready;
    std::vector<engine::CrewWaiting> waiting;
    std::vector<std::string> done;
    std::vector<std::string> disabled;
    std::vector<proto::ErrorReport> errors;
    std::string ctx = "{}";
  };

  void see(const engine::Dispatch& effect);
  void see(const engine::PublishAction& effect);
  void see(const engine::PublishSnapshot& effect);
  void see(const engine::ReportError& effect);
  void see(const engine::ReactionEnded& effect);
  void see(const engine::CrewDisabled& effect);
  void see(const engine::SliceClosed& effect);
  void see(const engine::EventBinned& effect);
  void see(const engine::CrewEnabled&) {}
  void see(const engine::CrewStruck&) {}
  void see(const engine::Finished&) {}

  void print_line(SliceIndex slice, const Line& line);
  void print_before(SliceIndex slice);
  Line& line() { return lines_[at_]; }

  std::function<void(const std::string&)> print_;
  std::map<SliceIndex, Line> lines_;
  SliceIndex at_;  // the line that the next effect belongs to
  std::optional<SliceIndex> last_closed_;
  std::string ctx_ = "{}";

  std::int64_t slices_ = 0;
  std::int64_t events_ = 0;
  std::map<std::string, std::int64_t> reactions_;
  std::map<std::string, std::int64_t> outcomes_;
  std::map<std::string, std::int64_t> actions_;
  std::map<std::string, std::int64_t> errors_;
};

}  // namespace lc::cli
