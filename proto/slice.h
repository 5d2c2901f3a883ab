#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/result.h"
#include "common/time.h"
#include "proto/action.h"
#include "proto/context.h"
#include "proto/model_call.h"

namespace lc::proto {

inline constexpr int kWireVersion = 1;
inline constexpr std::size_t kNonceCharsMax = 100;
inline constexpr std::size_t kReadyBytesMax = std::size_t{64} << 20;
inline constexpr std::int64_t kSliceMsMax = 10'000;

/// An event of a crew's batch, as it travels in `ready`.
struct BatchEvent {
  StreamSeq seq;
  SliceIndex slice;                      // the slice it was binned in
  std::optional<SliceIndex> orig_slice;  // set when the event was late: the slice of its ts
  std::string text;                      // the Event, canonical text

  bool operator==(const BatchEvent&) const = default;
};

/// The latest completion of a crew that another one awaited.
struct NeedResult {
  SliceIndex slice;
  std::vector<ActionDraft> actions;

  bool operator==(const NeedResult&) const = default;
};

/// The order to react, on `live.S.slice.n.C.ready`.
///
/// Source: proto/schemas/ready.json.
struct Ready {
  StreamId stream;
  SliceIndex slice;
  CrewId crew;
  Attempt attempt;
  std::string nonce;  // [A-Za-z0-9_-]{1,100}; the answer must repeat it
  std::string to;     // boot_id of the host whose worker is to react; empty: whoever hears it
  WallTime epoch0;
  std::int64_t slice_ms = 500;
  std::optional<std::int64_t> deadline_ms;  // length of the reaction's budget, from publication
  Lamport lamport;
  Revision ctx_rev;
  Context ctx;
  std::vector<BatchEvent> events;           // slice order, then stream sequence
  std::map<std::string, NeedResult> needs;  // by awaited crew
  std::vector<std::string> missing;         // needs that did not hold: `vision@-1`, sorted

  bool operator==(const Ready&) const = default;
};

enum class DoneStatus { ok, error };

/// The answer of a worker, on `live.S.slice.n.C.done`.
///
/// Source: proto/schemas/done.json.
struct Done {
  StreamId stream;
  SliceIndex slice;
  CrewId crew;
  Attempt attempt;
  std::string nonce;
  DoneStatus status = DoneStatus::ok;
  ContextDiff diff;
  std::vector<ActionDraft> actions;
  std::string usage = "{}";  // JSON object: tokens and such, for reports only
  std::string error;         // words, when status is error
  std::int64_t t_ms = 0;
  Lamport lamport;
  ModelCalls model_calls;  // what it takes to run the reaction again

  bool operator==(const Done&) const = default;
};

inline constexpr std::size_t kActionsPerDoneMax = 1'000;
inline constexpr std::size_t kDoneBytesMax = std::size_t{1} << 20;

/// Errors: invalid_input - names every field that is wrong, its value and what is accepted;
/// overloaded - larger than kReadyBytesMax.
Result<Ready> parse_ready(std::string_view text);
std::string write_ready(const Ready& ready);

/// Reads an answer whole or not at all: one wrong action refuses it.
///
/// Errors: invalid_input - names every field that is wrong, its value and what is accepted;
/// overloaded - larger than kDoneBytesMax.
Result<Done> parse_done(std::string_view text);
std::string write_done(const Done& done);

/// What can be known of a `done` that does not parse: whose it claims to be.
struct DoneClaim {
  std::optional<SliceIndex> slice;
  std::optional<CrewId> crew;
  std::optional<Attempt> attempt;
  std::string nonce;
};
DoneClaim claim_of_done(std::string_view text);

}  // namespace lc::proto
