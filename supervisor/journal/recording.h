#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "common/ids.h"
#include "common/result.h"
#include "supervisor/journal/record.h"

// A recording: a journal, or its end, and the events that it names in one file of JSON lines.
// FORMAT.md describes it. Pure: lines in, values out.
namespace lc::journal {

inline constexpr int kRecordingVersion = 1;

/// A record is at most what a NATS server takes (64 MiB); an event line is far smaller.
inline constexpr std::size_t kRecordingLineBytesMax = (std::size_t{64} << 20) + 1'024;

/// Events between two records: what one record may name, and what a checkpoint's queue may hold.
inline constexpr std::size_t kRecordingEventsMax = 131'072;

struct RecordingHeader {
  StreamId stream;
};

/// The texts of these two are views into the line that was read.
struct RecordingEvent {
  StreamSeq seq;
  std::string_view text;
};
struct RecordingRecord {
  std::string_view text;
};

struct RecordingEnd {
  std::int64_t records = 0;
  std::int64_t events = 0;
  Sha256 hash{};  // of the last record
  Sha256 run{};   // digest of the run, as the last record has it

  bool operator==(const RecordingEnd&) const = default;
};

using RecordingLine = std::variant<RecordingHeader, RecordingEvent, RecordingRecord, RecordingEnd>;

/// Reads a recording line by line. What records and events say is their readers' business.
class RecordingReader {
 public:
  /// Errors: corrupt - no line of a recording, or not its turn; conflict - another format.
  Result<RecordingLine> take(std::string_view line);

  bool has_ended() const { return ended_; }

  /// Whether there was all of it. Errors: corrupt - it was cut.
  Status finish() const;

 private:
  Status count(const RecordingLine& line);

  bool begun_ = false;
  bool ended_ = false;
  std::int64_t records_ = 0;
  std::int64_t events_ = 0;
  std::size_t events_ahead_ = 0;  // since the last record
};

/// Whether the end belongs to what was read. Errors: corrupt - it does not.
Status check_end(const RecordingEnd& end, const ChainEnd& chain);

/// Makes the lines of a recording, each with its line break.
class RecordingWriter {
 public:
  static std::string header(const StreamId& stream);

  /// `text` is the message that the stream of events has at `seq`. Line breaks in it, which JSON
  /// has between its tokens only, become spaces.
  ///
  /// Errors: corrupt - the text is not a JSON object.
  Result<std::string> event(StreamSeq seq, std::string_view text);
  std::string record(std::string_view text);
  std::string end(const ChainEnd& chain) const;

  std::int64_t records() const { return records_; }
  std::int64_t events() const { return events_; }

 private:
  std::int64_t records_ = 0;
  std::int64_t events_ = 0;
};

}  // namespace lc::journal
