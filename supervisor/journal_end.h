#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "common/bus.h"
#include "common/ids.h"

namespace lc::supervisor {

/// What is done about a journal that is damaged: nothing starts, or what can be had is taken.
enum class OnLoss { refuse, accept };

struct JournalEndOptions {
  StreamId stream;
  OnLoss on_loss = OnLoss::refuse;
  /// Runs what it is given a little later: a server that was just chosen to lead the journal's
  /// stream may not have come as far as its predecessor had. Empty: nothing is waited for.
  std::function<void(std::function<void()>)> later = {};
};

/// Where a journal's stream ends, and what is known to have been there.
struct JournalEnd {
  StreamInfo info;             // all zero: there is no stream
  std::string why_lost;        // empty: nothing
  std::int64_t lost_from = 0;  // records, both included
  std::int64_t lost_to = 0;
};

/// Compares a journal's end with its head (journal_head.h).
///
/// Errors: corrupt - the journal ends before the head, or has another record there, and the loss is
/// refused: names both; unavailable - the server does not answer.
void find_journal_end(Bus& bus, JournalEndOptions options, OnResult<JournalEnd> on_result);

}  // namespace lc::supervisor
