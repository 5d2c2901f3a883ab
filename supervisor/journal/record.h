#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/json.h"
#include "common/result.h"
#include "common/sha256.h"
#include "supervisor/journal/inputs.h"

namespace lc::journal {

inline constexpr int kFormatVersion = 1;

/// A record holds contexts and actions, deeper than where they came from.
inline constexpr JsonLimits kRecordLimits = {.bytes_max = std::size_t{64} << 20, .depth_max = 80};

enum class RecordKind { slice, outcome, order, checkpoint };

/// How far everything that follows from decisions has been acknowledged by the streams that got it.
struct Settled {
  std::int64_t record = 0;  // of this record and all before it, nothing is on its way any more
  StreamSeq action_seq;     // the last action that the stream of actions is known to have

  bool operator==(const Settled&) const = default;
};

/// The last link of a chain: all that is needed to append the next record.
struct ChainEnd {
  std::int64_t n = 0;           // number of the last record, which is its stream sequence
  Sha256 hash{};                // its own
  Sha256 run{};                 // digest of all that was decided up to it
  std::int64_t checkpoint = 0;  // number of the first part of the last whole checkpoint

  bool operator==(const ChainEnd&) const = default;
};

/// What every record has, and what this one adds.
struct Record {
  std::int64_t n = 0;
  RecordKind kind = RecordKind::slice;
  Sha256 prev{};
  std::int64_t checkpoint = 0;
  Settled settled;
  Sha256 run{};
  std::vector<RecordedInput> inputs;  // not of a checkpoint
  std::int64_t part = 1;              // of a checkpoint: this and of how many
  std::int64_t parts = 1;
  std::string piece;  // of its text
  Sha256 hash{};      // of all that stands before it
};

/// A record's text and what its seal says, which was checked.
struct Sealed {
  std::string_view text;
  Sha256 hash{};
};

/// Ends the text of a record, which lacks its last brace, with the hash of what it says. When
/// `known` says the same, its seal is taken over and nothing is computed.
Sha256 seal(std::string& text, const std::optional<Sealed>& known = {});

/// The hash that a record's text ends with, as it stands there.
std::string_view seal_of(std::string_view text);

/// Reads one record.
///
/// Errors: corrupt - not a record, not what its hash says, or fields that are wrong; conflict -
/// another stream's record, or a format that is not kFormatVersion.
Result<Record> parse_record(std::string_view text, const StreamId& stream);

/// Whether `record`, found at `seq`, follows `before`; `before` grows by it.
///
/// Errors: corrupt - names what is missing, reordered or changed.
Status follow(ChainEnd& before, const Record& record, StreamSeq seq);

std::string_view to_string(RecordKind kind);

}  // namespace lc::journal
