#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "common/ids.h"
#include "common/result.h"
#include "common/time.h"
#include "supervisor/journal/record.h"

// A record in words, for people who look at a journal. Pure.
namespace lc::journal {

struct Described {
  std::int64_t n = 0;
  RecordKind kind = RecordKind::slice;
  std::optional<WallTime> at;   // of the last input; with the event clock there is none
  std::string words;            // what was told, and what was decided
  std::set<SliceIndex> slices;  // that it tells of: closed, dispatched for, answered for
};

/// `text` is the record's, and `record` what was read from it.
///
/// Errors: corrupt - what it decided is not written as a record has it.
Result<Described> describe(const Record& record, std::string_view text);

/// `12 outcome    2025-07-31T19:22:41.520Z vision 83/1 ok; ctx rev 4`
std::string line_of(const Described& described);

}  // namespace lc::journal
