#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/time.h"
#include "proto/action.h"
#include "proto/config.h"
#include "proto/context.h"
#include "proto/manifest.h"
#include "proto/outcome.h"

namespace lc::cli {

inline constexpr std::size_t kScriptBytesMax = std::size_t{64} << 20;

/// How many slices a simulation may print.
inline constexpr std::int64_t kSimulatedSlicesMax = 1'000'000;

struct ScriptEvent {
  WallTime ts;
  Kind kind;
  std::string text;  // the whole Event, canonical text
};

/// How a crew's worker behaves: the k-th reaction has the k-th outcome, the last one repeats.
struct ScriptReaction {
  std::int64_t takes_ms = 0;
  std::vector<proto::Outcome> outcomes = {proto::Outcome::ok};
  proto::ContextDiff diff;
  std::vector<proto::ActionDraft> actions;
};

/// What `simulate` runs.
struct Script {
  std::int64_t slice_ms = 500;
  std::int64_t lateness_ms = 0;
  proto::ClockMode clock = proto::ClockMode::wall;
  proto::LatePolicy late_policy = proto::LatePolicy::next;
  std::int64_t ctx_max_bytes = proto::kContextBytesMaxDefault;
  std::int64_t backlog_max_batches = 256;
  WallTime epoch0;
  std::vector<ScriptEvent> events;  // in the order of the stream
  std::vector<proto::Manifest> crews;
  std::map<CrewId, ScriptReaction> reactions;
  std::optional<std::int64_t> until_slice;  // the last slice to close
};

inline constexpr std::string_view kSimulatedStream = "simulated";

struct ScriptResult {
  std::optional<Script> script;     // absent when there are errors
  std::vector<std::string> errors;  // `events[3].kind: ...`, in the order of the script
};

/// Reads a script: one JSON object. All that is wrong with it is told, each with its path.
ScriptResult parse_script(std::string_view text);

}  // namespace lc::cli
