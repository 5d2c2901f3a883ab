#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/ids.h"
#include "proto/action.h"
#include "proto/manifest.h"
#include "supervisor/engine/checkpoint.h"

namespace lc::engine {

/// How many slices are remembered of one awaited name. More than the largest offset of a need
/// (proto::kNeedOffsetMax), so that forgetting the oldest never hides the latest of a window.
inline constexpr std::size_t kHistorySlicesMax = 4'096;
static_assert(kHistorySlicesMax > 2 * proto::kNeedOffsetMax);

/// What happened in which slice, of the crews and kinds that some need names; bounded.
class History {
 public:
  /// Remembers that somebody awaits this crew or kind; others are not recorded.
  void await(const proto::Need& need);

  /// Crew `crew` completed a reaction for `slice`; a second completion replaces the actions.
  void completed(const CrewId& crew, SliceIndex slice, const std::vector<proto::ActionDraft>& done);

  /// An event of this kind was binned in `slice`.
  void binned(const Kind& kind, SliceIndex slice);

  /// The first slice, not before `from`, in which the awaited thing happened.
  std::optional<SliceIndex> first_from(const proto::Need& need, SliceIndex from) const;

  /// The last slice, not after `to`, in which the awaited thing happened.
  std::optional<SliceIndex> last_until(const proto::Need& need, SliceIndex to) const;

  /// What the crew did when it completed `slice`; empty when that is not remembered.
  std::vector<proto::ActionDraft> actions(const CrewId& crew, SliceIndex slice) const;

  /// Forgets what happened before `horizon`.
  void forget_before(SliceIndex horizon);

  /// What is remembered of `horizon` and later.
  HistoryContents contents(SliceIndex horizon) const;

  /// Takes over what is remembered of names that are awaited.
  void restore(const HistoryContents& contents);

  /// The number of (name, slice) entries, to show that it is bounded.
  std::size_t size() const;

 private:
  using Slices = HistoryContents::Completions;
  using Names = std::map<std::string, Slices>;

  const Slices* slices_of(const proto::Need& need) const;
  void record(Slices& slices, SliceIndex slice, std::vector<proto::ActionDraft> actions);

  Names crews_;
  Names kinds_;
  bool grown_ = false;  // since the last forget_before: most beats have nothing to forget
};

}  // namespace lc::engine
