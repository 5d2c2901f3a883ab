#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "proto/manifest.h"
#include "supervisor/engine/checkpoint.h"
#include "supervisor/engine/engine.h"

// Why a crew ran at a beat, or did not: what the engine knew then, judged once more. Pure.
namespace lc::journal {

/// A need as it stood: the awaited thing must have happened in a slice of [from, to].
struct NeedStanding {
  std::string label;  // `vision@-1`
  SliceIndex from;
  SliceIndex to;
  bool holds = false;
  std::optional<SliceIndex> first;  // when it happened in the window, first and last
  std::optional<SliceIndex> last;
  std::optional<std::string> disabled;  // the awaited crew takes no work: why

  bool operator==(const NeedStanding&) const = default;
};

enum class Verdict {
  no_batch,  // nothing that it is triggered by has happened since its last reaction
  disabled,
  busy,    // its last reaction has not ended
  stride,  // it is looked at in other slices only
  waits,   // for needs that do not hold
  ready,
  dropped,  // it waited for what a disabled crew will not do
};

struct Explanation {
  CrewId crew;
  SliceIndex slice;
  Verdict verdict = Verdict::no_batch;
  std::string disabled_why;
  std::optional<SliceIndex> trigger;      // the earliest slice of the pending batches
  std::vector<proto::BatchEvent> events;  // of all pending batches
  std::int64_t batches = 0;
  std::optional<SliceIndex> busy_slice;  // of the reaction in flight
  std::int64_t stride = 1;
  proto::WaitPolicy wait_policy = proto::WaitPolicy::none;
  std::optional<SliceIndex> timeout_at;  // wait policy `timeout`: it waits no longer from here on
  std::vector<NeedStanding> needs;       // without a batch: as if one were triggered in `slice`
  std::vector<std::string> missing;      // labels of the needs that do not hold
  std::vector<CrewId> hopeless;          // disabled crews that it waits for in vain

  bool operator==(const Explanation&) const = default;
};

/// Explains the beat of slice `state.snapshot.slice` for one of the crews of `options`. `state` is
/// what the engine knew right before that beat decided.
Explanation explain(const engine::EngineOptions& options, const engine::Checkpoint& state,
                    const CrewId& crew);

/// What `engine` will know right before the beat of `slice` decides, if being told `input` lets it
/// come there; else nothing. It may come there and not decide: with the event clock only what
/// follows shows whether the slice is closed.
std::optional<engine::Checkpoint> state_at_beat(const engine::EngineOptions& options,
                                                const engine::Engine& engine,
                                                const engine::Input& input, SliceIndex slice);

std::string_view to_string(Verdict verdict);

}  // namespace lc::journal
