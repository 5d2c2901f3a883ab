#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/bus.h"
#include "common/ids.h"
#include "common/timers.h"
#include "supervisor/run_clock.h"

namespace lc::supervisor {

/// How far a journal was acknowledged, told by another stream than its own: a server that forgot
/// the journal's end is found out by it.
struct JournalHead {
  std::int64_t n = 0;  // the record's number, which is its sequence
  std::string hash;    // the record's own

  bool operator==(const JournalHead&) const = default;
};

inline constexpr std::string_view kJournalHeadKey = "journal_head";  // in the bucket of the context

inline constexpr Micros kHeadPause = seconds(3);

/// `{"v":1,"n":812,"hash":"..."}`
std::string write_journal_head(const JournalHead& head);

/// Errors: corrupt - not what write_journal_head writes.
Result<JournalHead> parse_journal_head(std::string_view text);

/// Keeps the head while records are acknowledged: at once when asked to, otherwise every
/// kHeadPause. It may stay behind, and is never ahead.
class HeadKeeper {
 public:
  HeadKeeper(Bus& bus, Timers& timers, RunClock& clock, const StreamId& stream);
  ~HeadKeeper();
  HeadKeeper(const HeadKeeper&) = delete;
  HeadKeeper& operator=(const HeadKeeper&) = delete;

  enum class Keep { soon, now };
  /// Record `n` was acknowledged; `text` is all of it.
  void moved(std::int64_t n, std::string_view text, Keep keep);

 private:
  void put();
  void put_soon();

  Bus& bus_;
  Timers& timers_;
  RunClock& clock_;
  std::string bucket_;
  JournalHead head_;
  std::int64_t put_ = 0;  // the head's number that is kept, or on its way
  bool in_flight_ = false;
  bool is_urgent_ = false;
  bool is_armed_ = false;
  TimerId timer_;
};

}  // namespace lc::supervisor
