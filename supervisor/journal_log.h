#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "common/bus.h"
#include "common/metrics.h"
#include "common/timers.h"
#include "supervisor/journal_head.h"
#include "supervisor/run_clock.h"

namespace lc::supervisor {

/// How many records, and bytes of them, may wait for their acknowledgement before no more events
/// are taken.
inline constexpr std::size_t kRecordsPressure = 10'000;
inline constexpr std::size_t kRecordBytesPressure = std::size_t{64} << 20;

/// Appends records to a stream's journal, each only after the one before it: many are on their way
/// at once. A record of somebody else in their place means that we are no longer the one who
/// writes.
class JournalLog {
 public:
  struct Hooks {
    std::function<void(std::int64_t n)> on_kept;  // this record and all before it are stored
    std::function<void(const Error&)> on_lost;    // never again: conflict or corrupt
    Metrics* metrics = nullptr;
  };

  JournalLog(Bus& bus, Timers& timers, RunClock& clock, const StreamId& stream, Hooks hooks);
  ~JournalLog();
  JournalLog(const JournalLog&) = delete;
  JournalLog& operator=(const JournalLog&) = delete;

  /// The stream ends with record `last`.
  void start(std::int64_t last);

  /// The next record; `id` is its own.
  void append(std::string text, std::string id);

  std::int64_t kept() const { return kept_; }
  bool settled() const { return waiting_.empty(); }
  std::size_t waiting() const { return waiting_.size(); }
  bool pressed() const {
    return waiting_.size() > kRecordsPressure || waiting_bytes_ > kRecordBytesPressure;
  }

  /// The connection is back: goes on at once.
  void retry();

 private:
  struct Waiting {
    std::string text;
    std::string id;
  };

  void send();
  void on_answer(std::int64_t n, const Result<PublishAck>& ack);
  void look();
  void on_last(const Result<StreamMessage>& last);
  void go_on();
  void keep(std::int64_t n);
  void lose(Error error);

  Bus& bus_;
  Timers& timers_;
  RunClock& clock_;
  std::string subject_;
  std::string journal_;
  Hooks hooks_;
  HeadKeeper head_;
  std::deque<Waiting> waiting_;  // records kept_ + 1 and on
  std::size_t waiting_bytes_ = 0;
  std::int64_t kept_ = 0;
  std::int64_t sent_ = 0;  // the last record that is, or was, on its way
  std::int64_t open_ = 0;  // appends without an answer
  bool doubtful_ = false;  // one failed: nothing is sent until the stream was looked at
  bool looking_ = false;
  std::int64_t looked_ = -1;             // kept_ when the stream was looked at last
  std::optional<MonoTime> fell_behind_;  // since when the stream ends before what was kept
  bool lost_ = false;
  TimerId again_;
};

}  // namespace lc::supervisor
