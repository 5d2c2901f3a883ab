#pragma once

#include <optional>
#include <string>

#include "common/bus.h"
#include "supervisor/journal/replay.h"
#include "supervisor/journal_end.h"

namespace lc::supervisor {

using RecoveryOptions = JournalEndOptions;

/// Where a stream stands by its journal.
struct Recovered {
  std::optional<journal::Replay> replay;  // absent: the journal is empty, or holds nothing of use
  journal::ChainEnd end;                  // the last record that is there
  std::string loss;                       // what was given up, a JSON object; empty: nothing
  std::int64_t records = 0;               // that were read
};

/// Reads a journal from its last checkpoint on, with the events that it names, and replays it.
///
/// Errors: those of find_journal_end; corrupt - damaged, missing or moved records, events that are
/// gone, or decisions that this program does not make: says which record, what was found, and the
/// ways out; conflict - another stream's or another format's journal; unavailable - the server does
/// not answer.
void recover(Bus& bus, const RecoveryOptions& options, OnResult<Recovered> on_result);

}  // namespace lc::supervisor
