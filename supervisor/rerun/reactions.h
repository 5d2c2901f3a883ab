#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "common/ids.h"
#include "common/result.h"
#include "common/sha256.h"
#include "proto/context.h"
#include "supervisor/engine/effect.h"
#include "supervisor/engine/input.h"

// What the reactions of a run did, as lines: to keep, to read again and to compare. README.md
// describes the lines. Pure.
namespace lc::rerun {

inline constexpr std::size_t kReactionLineBytesMax = std::size_t{4} << 20;

/// How one reaction ended: its line, and what it is known by.
struct ReactionLine {
  SliceIndex slice;
  CrewId crew;
  std::string text;

  bool operator==(const ReactionLine&) const = default;
};

/// All that is compared of a run.
struct RunLines {
  std::vector<ReactionLine> reactions;  // in the order in which they ended
  std::string context;                  // at the end, canonical JSON
  std::string run;                      // digest in hex; empty: not compared

  bool operator==(const RunLines&) const = default;
};

/// Notes how reactions end, step by step.
class ReactionLog {
 public:
  void step(const engine::Input& input, const engine::Effects& effects);
  void end(const proto::Context& context, const Sha256& run);
  const RunLines& lines() const { return lines_; }
  RunLines take() { return std::move(lines_); }

 private:
  using ReactionKey = std::tuple<CrewId, SliceIndex, Attempt>;

  RunLines lines_;
  std::map<ReactionKey, engine::Input> answered_;  // not ended yet
};

/// Every line, each with its line break. The digest of the run stays out of a golden file: it says
/// nothing to a person, and changes with what the lines do not tell.
enum class WithRun { yes, no };
std::string write_lines(const RunLines& lines, WithRun with_run = WithRun::yes);

/// Reads what write_lines wrote, or what a person wrote in its place: layout and the order of keys
/// do not matter. `name` is the file's, for errors.
///
/// Errors: corrupt - every line that is wrong, as `name:line: words` (20 of them), or that the last
/// line is missing.
Result<RunLines> parse_lines(std::string_view text, std::string_view name);

/// One thing that two runs do not have in common. Texts are lines; empty: that side has none.
struct Difference {
  std::optional<SliceIndex> slice;  // absent: at the end of the run
  std::string what;                 // `commentator`, `context`, `run`
  std::string before;
  std::string now;

  bool operator==(const Difference&) const = default;
};

/// What differs, in the order of slices and crews. Of one crew in one slice the k-th reaction is
/// compared with the k-th. The digests of the runs are compared when both have one and nothing else
/// differs.
std::vector<Difference> compare(const RunLines& before, const RunLines& now);

/// For a person: the slice once, what, and both sides (`-` before, `+` now). Each line is indented.
std::string differences_text(const std::vector<Difference>& differences, std::string_view indent);

}  // namespace lc::rerun
