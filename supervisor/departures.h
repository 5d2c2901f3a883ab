#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <variant>
#include <vector>

#include "common/ids.h"
#include "proto/context.h"
#include "supervisor/engine/effect.h"
#include "supervisor/fault_points.h"
#include "supervisor/journal/letters.h"
#include "supervisor/journal/record.h"
#include "supervisor/outbox.h"

namespace lc::supervisor {

/// Without a journal nothing waits.
inline constexpr std::int64_t kNoJournal = std::numeric_limits<std::int64_t>::max();

/// What follows from decisions and leaves the supervisor, in order, none before the record that has
/// its decision is kept; and how far all of it has been acknowledged.
class Departures {
 public:
  struct Hooks {
    std::function<bool()> may_leave;  // false: later, `release` tries again
    std::function<void(engine::PublishSnapshot&)> on_snapshot;
  };

  Departures(const StreamId& stream, Outbox& outbox, FaultPoints& faults, Hooks hooks);

  /// A letter says itself which record it waits for.
  void hold(journal::Letter letter);
  void hold(engine::PublishSnapshot snapshot, std::int64_t record);

  /// Lets everything go that waits for this record or an earlier one.
  void kept(std::int64_t record);

  /// Lets go what may leave by now.
  void release();

  /// Nothing leaves any more: somebody else leads the stream.
  void stop() { stopped_ = true; }

  /// Where the acknowledgements stand, for the next record. `start` is what the last record said.
  void start(const journal::Settled& settled) { settled_ = settled; }
  journal::Settled settled() const;

  /// What is not acknowledged yet, in the order of the decisions.
  std::vector<journal::Letter> open() const;

  bool idle() const { return held_.empty() && sent_.empty(); }

 private:
  struct HeldSnapshot {
    engine::PublishSnapshot snapshot;
    std::int64_t record = 0;
  };
  /// Kept by `sent_` and by the callback that waits for its acknowledgement.
  struct Sent {
    journal::Letter letter;
    bool acknowledged = false;
    StreamSeq seq;
  };
  using Held = std::variant<journal::Letter, HeldSnapshot>;

  void send(journal::Letter letter);
  void acknowledge(Sent& sent, const Result<PublishAck>& ack);

  StreamId stream_;
  Outbox& outbox_;
  FaultPoints& faults_;
  Hooks hooks_;
  std::deque<Held> held_;
  std::deque<std::shared_ptr<Sent>> sent_;  // the first is not acknowledged
  std::int64_t kept_ = 0;
  journal::Settled settled_;
  bool stopped_ = false;
};

}  // namespace lc::supervisor
