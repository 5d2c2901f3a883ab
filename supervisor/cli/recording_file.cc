#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "supervisor/cli/journal_source.h"
#include "supervisor/cli/line_reader.h"
#include "supervisor/cli/report.h"
#include "supervisor/journal/recording.h"

namespace lc::cli {
namespace {

using namespace journal;

class RecordingFile final : public JournalSource {
 public:
  RecordingFile(std::string name, std::unique_ptr<LineReader> lines)
      : name_(std::move(name)), lines_(std::move(lines)) {}

  Status read_header() {
    LC_TRY(const auto line, take_line());
    if (!line) {
      return fail(ErrorCode::corrupt, name_ + ": it is empty, not a recording");
    }
    stream_ = std::get<RecordingHeader>(*line).stream;
    return {};
  }

  const StreamId& stream() const override { return stream_; }

  Result<std::optional<FoundRecord>> next() override {
    events_.clear();
    next_event_ = 0;
    for (;;) {
      LC_TRY(const auto line, take_line());
      if (!line) {
        if (auto status = reader_.finish(); !status) {
          return within(fmt::format("{}:{}", name_, lines_->number() + 1), status.error());
        }
        return std::nullopt;
      }
      if (const auto* record = std::get_if<RecordingRecord>(&*line)) {
        record_line_ = lines_->number();
        return FoundRecord{.text = record->text, .seq = {}};
      }
      if (const auto* event = std::get_if<RecordingEvent>(&*line)) {
        events_.push_back({event->seq, std::string(event->text)});
      } else {
        end_ = std::get<RecordingEnd>(*line);
      }
    }
  }

  Result<std::string> event(StreamSeq seq) override {
    // They are asked for in the order in which they stand there.
    if (next_event_ >= events_.size() || events_[next_event_].seq != seq) {
      const auto found = std::ranges::find(events_, seq, &Event::seq);
      if (found == events_.end()) {
        return fail(ErrorCode::not_found,
                    fmt::format("event {} does not stand before it in the recording", seq.value));
      }
      next_event_ = static_cast<std::size_t>(found - events_.begin());
    }
    return std::move(events_[next_event_++].text);
  }

  Status check(const ChainEnd& end) const override {
    auto status = check_end(end_, end);
    return status ? status
                  : Status(within(fmt::format("{}:{}", name_, lines_->number()), status.error()));
  }

  std::string where() const override { return fmt::format("{}:{}", name_, record_line_); }

 private:
  struct Event {
    StreamSeq seq;
    std::string text;
  };

  Result<std::optional<RecordingLine>> take_line() {
    auto line = lines_->next();
    if (line && !*line) {
      return std::nullopt;
    }
    auto read = line ? reader_.take(**line) : Result<RecordingLine>(std::unexpected(line.error()));
    if (!read) {
      return within(fmt::format("{}:{}", name_, lines_->number()), std::move(read.error()));
    }
    return std::optional(std::move(*read));
  }

  std::string name_;
  std::unique_ptr<LineReader> lines_;
  RecordingReader reader_;
  StreamId stream_;
  std::vector<Event> events_;  // since the record before the one at hand
  std::size_t next_event_ = 0;
  std::int64_t record_line_ = 0;
  RecordingEnd end_;
};

}  // namespace

Result<std::unique_ptr<JournalSource>> open_recording(const std::string& path, Io& io) {
  LC_TRY(auto lines, LineReader::open(path, io.in, kRecordingLineBytesMax));
  auto file = std::make_unique<RecordingFile>(shown_name(path), std::move(lines));
  LC_TRY_STATUS(file->read_header());
  return file;
}

}  // namespace lc::cli
