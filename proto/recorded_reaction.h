#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "proto/action.h"
#include "proto/context.h"
#include "proto/model_call.h"
#include "proto/outcome.h"
#include "proto/slice.h"

// A reaction as a journal has it: what the crew was given and what came of it, so that it can be
// run once more. `live-crew journal ready` writes it, `lcworker debug` reads it.
namespace lc::proto {

/// Stands in the place of the nonce, which no journal holds.
inline constexpr std::string_view kRecordedNonce = "recorded";

inline constexpr std::size_t kRecordedReactionBytesMax = kReadyBytesMax + (std::size_t{4} << 20);

/// How a recorded reaction ended.
struct RecordedOutcome {
  std::int64_t record = 0;  // that tells of it
  Outcome outcome = Outcome::ok;
  ContextDiff diff;                  // of one that succeeded
  std::vector<ActionDraft> actions;  // the same
  std::string detail;                // words, of one that failed
  std::string excuse;                // why that was no strike; empty: none
  std::string worker = "{}";         // what was known of its process, a JSON object
  std::optional<std::int64_t> t_ms;  // of one whose worker answered
  std::string usage = "{}";          // JSON object
  ModelCalls model_calls;

  bool operator==(const RecordedOutcome&) const = default;
};

/// Source: proto/schemas/recorded_reaction.json.
struct RecordedReaction {
  std::int64_t record = 0;      // that dispatched it; 0: before the first that was replayed
  std::int64_t attempts = 1;    // of the crew in that slice, as far as the journal tells
  std::uint64_t crew_file = 0;  // fingerprint of the crew's files then
  Ready ready;                  // as it was sent, but for the nonce
  std::optional<RecordedOutcome> outcome;  // nothing: the journal does not know

  bool operator==(const RecordedReaction&) const = default;
};

/// Errors: invalid_input - names every field that is wrong, its value and what is accepted;
/// overloaded - larger than kRecordedReactionBytesMax.
Result<RecordedReaction> parse_recorded_reaction(std::string_view text);
std::string write_recorded_reaction(const RecordedReaction& reaction);

}  // namespace lc::proto
