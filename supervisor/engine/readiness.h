#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/ids.h"
#include "proto/manifest.h"
#include "proto/slice.h"
#include "supervisor/engine/engine.h"
#include "supervisor/engine/history.h"

// Whether a crew's pending batch may run. A need with offset o holds for a batch of trigger slice
// t, judged at slice m, if the awaited thing happened in some slice of [t+o, m+o]: once it holds,
// it goes on to hold, which is what lets the event clock compute when to look again.
namespace lc::engine {

/// What readiness is judged against.
struct World {
  const History& history;
  const std::set<CrewId>& disabled;
  std::int64_t slice_ms;
};

enum class Verdict {
  ready,
  wait,
  drop,  // it waits for crews that are disabled and have not done what it waits for
};

struct Judgement {
  Verdict verdict = Verdict::ready;
  std::vector<std::string> unmet;  // labels of the needs that do not hold; sorted, unique
  std::vector<CrewId> hopeless;    // disabled crews whose needs can no longer hold; sorted, unique

  bool operator==(const Judgement&) const = default;
};

/// Judges a batch of trigger slice `trigger` at slice `at`; the stride is not its business.
Judgement judge(const CrewSpec& spec, SliceIndex trigger, SliceIndex at, const World& world);

/// The first slice, not before `from`, at which `judge` would not say `wait` and the crew's stride
/// lets it run, if nothing more happens; or nothing, when that is never.
std::optional<SliceIndex> next_decision(const CrewSpec& spec, SliceIndex trigger, SliceIndex from,
                                        const World& world);

/// For each awaited crew that did what is needed: its latest completion in the window.
std::map<std::string, proto::NeedResult> need_results(const CrewSpec& spec, SliceIndex trigger,
                                                      SliceIndex at, const World& world);

}  // namespace lc::engine
