#include "supervisor/journal/recording.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "common/json.h"
#include "proto/reader.h"
#include "supervisor/journal/values.h"

namespace lc::journal {
namespace {

using proto::kCount;
using proto::ObjectReader;

constexpr std::string_view kFormat = "live-crew-recording";
constexpr std::string_view kHeaderBegins = "{\"format\":";
constexpr std::string_view kEventBegins = "{\"seq\":";
constexpr std::string_view kEventText = ",\"event\":";
constexpr std::string_view kRecordBegins = "{\"v\":";
constexpr std::string_view kEndBegins = "{\"end\":";

Result<RecordingHeader> read_header(std::string_view line) {
  auto split = split_json_object(line);
  if (!split) {
    return fail(ErrorCode::corrupt, "not a recording: " + split.error().message);
  }
  proto::Problems problems;
  ObjectReader reader(std::move(split->fields), {}, problems);
  reader.constant("format", kFormat);
  const std::string_view version = reader.any("v");
  if (problems.empty() && version != std::to_string(kRecordingVersion)) {
    return fail(ErrorCode::conflict,
                fmt::format("a recording of format {}; this program reads format {}: use the "
                            "version of live-crew that wrote it, or a newer one",
                            shorten(version), kRecordingVersion));
  }
  RecordingHeader header{.stream = reader.stream("stream")};
  reader.finish();
  if (!problems.empty()) {
    return fail(ErrorCode::corrupt, problems.error("the first line").error().message);
  }
  return header;
}

// The event's own text is read with the record that names it.
Result<RecordingEvent> read_event_line(std::string_view line) {
  RecordingEvent event;
  std::string_view rest = line.substr(kEventBegins.size());
  const auto [end, error] =
      std::from_chars(rest.data(), rest.data() + rest.size(), event.seq.value);
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  if (error != std::errc{} || event.seq.value < 1 || !rest.starts_with(kEventText) ||
      !rest.ends_with('}')) {
    return fail(ErrorCode::corrupt, "not an event of a recording: it was changed or cut");
  }
  event.text = rest.substr(kEventText.size(), rest.size() - kEventText.size() - 1);
  return event;
}

Result<RecordingEnd> read_end(std::string_view line) {
  auto split = split_json_object(line);
  if (!split) {
    return fail(ErrorCode::corrupt, "not the end of a recording: " + split.error().message);
  }
  proto::Problems problems;
  ObjectReader whole(std::move(split->fields), {}, problems);
  RecordingEnd end;
  ObjectReader reader = whole.object("end");
  end.records = reader.integer("records", kCount);
  end.events = reader.integer("events", kCount);
  end.hash = read_digest(reader, "hash");
  end.run = read_digest(reader, "run");
  reader.finish();
  whole.finish();
  if (!problems.empty()) {
    return fail(ErrorCode::corrupt, problems.error("the last line").error().message);
  }
  return end;
}

Result<RecordingLine> read_line(std::string_view line) {
  if (line.starts_with(kRecordBegins)) {
    return RecordingRecord{line};
  }
  if (line.starts_with(kEventBegins)) {
    return read_event_line(line);
  }
  if (line.starts_with(kEndBegins)) {
    return read_end(line);
  }
  return fail(ErrorCode::corrupt,
              fmt::format("neither an event nor a record: '{}'",
                          shorten(valid_utf8(std::string(line.substr(0, 64))))));
}

}  // namespace

Result<RecordingLine> RecordingReader::take(std::string_view line) {
  if (!begun_) {
    begun_ = true;
    return read_header(line);
  }
  if (ended_) {
    return fail(ErrorCode::corrupt, "something follows the recording's last line");
  }
  LC_TRY(RecordingLine read, read_line(line));
  LC_TRY_STATUS(count(read));
  return read;
}

Status RecordingReader::count(const RecordingLine& line) {
  if (std::holds_alternative<RecordingRecord>(line)) {
    ++records_;
    events_ahead_ = 0;
  } else if (std::holds_alternative<RecordingEvent>(line)) {
    ++events_;
    ++events_ahead_;
    if (events_ahead_ > kRecordingEventsMax) {
      return fail(ErrorCode::corrupt,
                  fmt::format("more than {} events before one record", kRecordingEventsMax));
    }
  } else if (const auto* end = std::get_if<RecordingEnd>(&line)) {
    ended_ = true;
    if (end->records != records_ || end->events != events_) {
      return fail(ErrorCode::corrupt,
                  fmt::format("the last line counts {} records and {} events, but there are {} "
                              "and {}: lines were added or are missing",
                              end->records, end->events, records_, events_));
    }
  }
  return {};
}

Status RecordingReader::finish() const {
  if (!ended_) {
    return fail(
        ErrorCode::corrupt,
        fmt::format("the recording's last line is missing after {} records: it was cut", records_));
  }
  return {};
}

Status check_end(const RecordingEnd& end, const ChainEnd& chain) {
  if (end.hash != chain.hash) {
    return fail(ErrorCode::corrupt,
                fmt::format("the last line tells of a last record with hash {}, but record {} has "
                            "{}",
                            to_hex(end.hash), chain.n, to_hex(chain.hash)));
  }
  if (end.run != chain.run) {
    return fail(ErrorCode::corrupt, fmt::format("the last line tells of run {}, but it was {}",
                                                to_hex(end.run), to_hex(chain.run)));
  }
  return {};
}

std::string RecordingWriter::header(const StreamId& stream) {
  std::string line;
  JsonWriter(line)
      .begin_object()
      .key("format")
      .string(kFormat)
      .key("v")
      .number(kRecordingVersion)
      .key("stream")
      .string(stream.value)
      .end_object();
  return line + "\n";
}

Result<std::string> RecordingWriter::event(StreamSeq seq, std::string_view text) {
  if (auto split = split_json_object(text); !split) {
    return fail(ErrorCode::corrupt,
                fmt::format("event {} is no JSON object: {}", seq.value, split.error().message));
  }
  ++events_;
  std::string line = fmt::format("{}{}{}{}}}\n", kEventBegins, seq.value, kEventText, text);
  const auto is_break = [](char c) { return c == '\n' || c == '\r'; };
  std::replace_if(line.begin(), line.end() - 1, is_break, ' ');
  return line;
}

std::string RecordingWriter::record(std::string_view text) {
  ++records_;
  return std::string(text) + "\n";
}

std::string RecordingWriter::end(const ChainEnd& chain) const {
  std::string line;
  JsonWriter json(line);
  json.begin_object().key("end").begin_object().key("records").number(records_);
  json.key("events").number(events_).key("hash").string(to_hex(chain.hash));
  json.key("run").string(to_hex(chain.run)).end_object().end_object();
  return line + "\n";
}

}  // namespace lc::journal
