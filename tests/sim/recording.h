#pragma once

#include <string>

#include "supervisor/journal/export.h"
#include "tests/sim/journal.h"

namespace lc::sim {

/// The journal from record `from` on, which starts a checkpoint, as a recording.
inline Result<std::string> record_journal(const Journal& journal, std::int64_t from = 1) {
  journal::Export made({"sim"}, [&journal](StreamSeq seq) -> Result<std::string> {
    const auto it = journal.events.find(seq.value);
    return it == journal.events.end() ? fail(ErrorCode::not_found, "no such event")
                                      : Result<std::string>(it->second);
  });
  std::string text = made.header();
  for (std::size_t i = static_cast<std::size_t>(from) - 1; i < journal.records.size(); ++i) {
    LC_TRY(const std::string lines, made.take(journal.records[i], {}));
    text += lines;
  }
  return text + made.end();
}

}  // namespace lc::sim
