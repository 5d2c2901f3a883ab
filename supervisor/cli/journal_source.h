#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/ids.h"
#include "common/result.h"
#include "supervisor/cli/verb.h"
#include "supervisor/journal/record.h"

namespace lc::cli {

/// A record as it was found.
struct FoundRecord {
  std::string_view text;         // until the next one is asked for
  std::optional<StreamSeq> seq;  // in a file there is none: it is where the one before ends
};

/// Where records and the events that they name come from. Blocks until there is an answer.
class JournalSource {
 public:
  virtual ~JournalSource() = default;

  virtual const StreamId& stream() const = 0;

  /// The next record; nothing after the last.
  ///
  /// Errors: corrupt, conflict - what is there is damaged or of another kind; unavailable - it
  /// cannot be reached any more.
  virtual Result<std::optional<FoundRecord>> next() = 0;

  /// The message that the stream of events has at `seq`, which the record at hand names. Ask for
  /// each once: a file gives it away.
  ///
  /// Errors: not_found - it is not there (any more); unavailable - it cannot be reached.
  virtual Result<std::string> event(StreamSeq seq) = 0;

  /// After the last record: whether `end`, the end of what was read, is the end that is promised.
  ///
  /// Errors: corrupt - it is not.
  virtual Status check(const journal::ChainEnd& end) const = 0;

  /// Where the record at hand is, for people: `FILE:LINE`, or the stream and the number.
  virtual std::string where() const = 0;
};

/// A recording; `-` is standard input. The header has been read.
///
/// Errors: not_found - it cannot be opened; corrupt, conflict - it is no recording, or not one that
/// this program reads.
Result<std::unique_ptr<JournalSource>> open_recording(const std::string& path, Io& io);

/// Where in a live journal to begin.
enum class JournalStart {
  complete,    // with the first checkpoint from which on all events are there
  checkpoint,  // with the last whole checkpoint at or before `from`
  record,      // with the record `from`, or the first that is there
};

struct LiveJournalOptions {
  StreamId stream;
  std::string nats_url;
  JournalStart start = JournalStart::complete;
  std::int64_t from = 0;         // number of a record
  std::int64_t patience_s = 30;  // for the connection, at first and again
};

/// The journal and the events of a live stream, up to the record that is the last one now. It only
/// reads.
///
/// Errors: unavailable - NATS is not there; not_found - the stream has no journal.
Result<std::unique_ptr<JournalSource>> open_live_journal(LiveJournalOptions options);

}  // namespace lc::cli
