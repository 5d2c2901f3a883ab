#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/ids.h"
#include "supervisor/journal/replay.h"

namespace lc::journal {

/// Finds the first checkpoint of a journal from which on all events are still there. Pure.
class StartFinder {
 public:
  /// `first_event` is the first one that the stream of events has.
  StartFinder(StreamId stream, StreamSeq first_event)
      : stream_(std::move(stream)), first_event_(first_event) {}

  /// Takes the record at `seq`; one that cannot be read ends the search, its reader will tell.
  void take(std::string_view text, StreamSeq seq);

  /// Whether nothing that follows can change the answer: sequences of events only grow.
  bool is_sure() const { return sure_; }

  /// The number of the checkpoint's first part; nothing when there is none.
  std::optional<std::int64_t> start() const { return start_; }

 private:
  void take_checkpoint(const Record& record);

  StreamId stream_;
  StreamSeq first_event_;
  CheckpointParts parts_;
  std::optional<std::int64_t> start_;
  bool sure_ = false;
};

}  // namespace lc::journal
