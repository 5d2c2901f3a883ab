#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/ids.h"
#include "common/result.h"
#include "supervisor/journal/recording.h"
#include "supervisor/journal/replay.h"

namespace lc::journal {

/// Makes a recording of a journal as it is read, from a checkpoint on. Pure.
class Export {
 public:
  Export(StreamId stream, EventSource events);

  std::string header() const { return RecordingWriter::header(stream_); }

  /// The lines of the next record, which was found at `at` (none: right after the one before): the
  /// events that nobody named before it, and the record.
  ///
  /// Errors: corrupt - the record is damaged or out of place, or events that it names are gone,
  /// which it tells all by number; those of the events' source.
  Result<std::string> take(std::string_view text, std::optional<StreamSeq> at);

  /// The last line.
  std::string end() const { return writer_.end(end_); }

  const RecordingWriter& writer() const { return writer_; }
  const ChainEnd& chain() const { return end_; }

 private:
  enum class Named { before, now };
  Status place(const Record& record, std::optional<StreamSeq> at);
  Result<std::string> events_of(const Record& record);
  Status add_run(const EventRun& run, Named named, std::string& lines);

  StreamId stream_;
  EventSource events_;
  RecordingWriter writer_;
  CheckpointParts parts_;
  ChainEnd end_;
  bool has_start_ = false;  // a whole checkpoint was taken
  StreamSeq named_;         // the last event that some record named
  std::string missing_;     // numbers of events of the record at hand
  std::int64_t missing_count_ = 0;
};

}  // namespace lc::journal
