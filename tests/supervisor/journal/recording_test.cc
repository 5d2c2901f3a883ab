#include "supervisor/journal/recording.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/sim/recording.h"
#include "tests/supervisor/journal/sim_journals.h"

using namespace lc;
using namespace lc::journal;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

Result<std::int64_t> read_all(const std::vector<std::string>& lines) {
  RecordingReader reader;
  std::int64_t records = 0;
  for (const std::string& line : lines) {
    LC_TRY(const RecordingLine read, reader.take(line));
    records += std::holds_alternative<RecordingRecord>(read) ? 1 : 0;
  }
  LC_TRY_STATUS(reader.finish());
  return records;
}

const std::string kHeader = R"({"format":"live-crew-recording","v":1,"stream":"sim"})";
const std::string kZeros(64, '0');

std::string end_line(int records, int events) {
  return fmt::format(R"({{"end":{{"records":{},"events":{},"hash":"{}","run":"{}"}}}})", records,
                     events, kZeros, kZeros);
}

}  // namespace

TEST_CASE("recording: what is exported reads back as the journal and its events") {
  for (const auto clock : {proto::ClockMode::wall, proto::ClockMode::event}) {
    const sim::Journal journal = sim::journal_of(7, clock);
    const auto text = sim::record_journal(journal);
    REQUIRE_MESSAGE(text, text.error().message);
    RecordingReader reader;
    std::size_t records = 0;
    std::map<std::int64_t, std::string> events;
    for (const std::string& line : lines_of(*text)) {
      const auto read = reader.take(line);
      REQUIRE_MESSAGE(read, read.error().message);
      if (const auto* record = std::get_if<RecordingRecord>(&*read)) {
        REQUIRE(record->text == journal.records[records]);
        ++records;
      } else if (const auto* event = std::get_if<RecordingEvent>(&*read)) {
        CHECK(events.emplace(event->seq.value, event->text).second);
      } else if (const auto* end = std::get_if<RecordingEnd>(&*read)) {
        CHECK(to_hex(end->run) == journal.run);
      }
    }
    CHECK(reader.finish());
    CHECK(records == journal.records.size());
    CHECK(events == journal.events);
  }
}

TEST_CASE("recording: from a later checkpoint on it has the events of its queue too") {
  for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6}) {
    const sim::Journal journal = sim::journal_of(seed, proto::ClockMode::event);
    const std::size_t from = sim::whole_checkpoints(journal).back();
    const auto text = sim::record_journal(journal, static_cast<std::int64_t>(from) + 1);
    REQUIRE_MESSAGE(text, text.error().message);
    sim::Journal read = journal;
    read.events.clear();
    for (const std::string& line : lines_of(*text)) {
      if (line.starts_with("{\"seq\":")) {
        RecordingReader reader;
        CHECK(reader.take(kHeader));
        const auto taken = reader.take(line);
        const auto& event = std::get<RecordingEvent>(*taken);
        read.events[event.seq.value] = event.text;
      }
    }
    const Playback playback = sim::play(read, from);
    CHECK_MESSAGE(!playback.failure(), playback.failure()->error.message);
  }
}

TEST_CASE("recording: every kind of damage has its words") {
  const std::string event = R"({"seq":3,"event":{"a":1}})";
  const std::string record = R"({"v":1,"n":1})";
  struct Case {
    std::vector<std::string> lines;
    std::string words;
  };
  const Case cases[] = {
      {{kHeader, event, record, end_line(1, 1)}, ""},
      {{}, "it was cut"},
      {{""}, "not a recording"},
      {{record}, "field 'format' is missing"},
      {{R"({"format":"x","v":1,"stream":"sim"})"}, "field 'format'"},
      {{R"({"format":"live-crew-recording","v":2,"stream":"sim"})"}, "a recording of format 2"},
      {{R"({"format":"live-crew-recording","v":1,"stream":"?"})"}, "field 'stream'"},
      {{kHeader, "garbage"}, "neither an event nor a record: 'garbage'"},
      {{kHeader, R"({"seq":3,"event":{"a":1})", end_line(0, 1)}, ""},  // its reader will see
      {{kHeader, R"({"seq":0,"event":{"a":1}})"}, "not an event of a recording"},
      {{kHeader, R"({"seq":3,"evnt":{"a":1}})"}, "not an event of a recording"},
      {{kHeader, R"({"seq":3,"event":{"a)"}, "not an event of a recording"},
      {{kHeader, R"({"end":{"records":0})"}, "not the end of a recording"},
      {{kHeader, R"({"end":{"records":0}})"}, "field 'end.events' is missing"},
      {{kHeader, record, end_line(2, 0)}, "counts 2 records and 0 events, but there are 1 and 0"},
      {{kHeader, record, end_line(1, 0), record}, "something follows the recording's last line"},
      {{kHeader, record}, "the recording's last line is missing after 1 records: it was cut"},
  };
  for (const Case& one : cases) {
    const auto read = read_all(one.lines);
    const std::string words = read ? "" : read.error().message;
    INFO(one.words, " / ", words);
    CHECK(words.empty() == one.words.empty());
    CHECK(words.find(one.words) != std::string::npos);
  }
}

TEST_CASE("recording: events of more than a record can name are refused") {
  RecordingReader reader;
  REQUIRE(reader.take(kHeader));
  Result<RecordingLine> read = fail(ErrorCode::corrupt, "");
  for (std::size_t i = 0; i <= kRecordingEventsMax; ++i) {
    read = reader.take(R"({"seq":3,"event":{}})");
    REQUIRE(read.has_value() == (i < kRecordingEventsMax));
  }
}

TEST_CASE("recording: the last line must tell of the last record") {
  ChainEnd chain{.n = 4};
  const RecordingEnd end{.records = 4, .hash = chain.hash, .run = chain.run};
  CHECK(check_end(end, chain));
  chain.run[0] = 1;
  CHECK(check_end(end, chain).error().message.find("tells of run") != std::string::npos);
  chain.hash[0] = 1;
  CHECK(check_end(end, chain).error().message.find("with hash") != std::string::npos);
}

TEST_CASE("recording: an event over several lines becomes one line and stays the same") {
  RecordingWriter writer;
  const auto line = writer.event({5}, "{\n\"a\":\r\n 1}");
  REQUIRE(line);
  CHECK(*line == "{\"seq\":5,\"event\":{ \"a\":   1}}\n");
  CHECK(!writer.event({6}, "no JSON"));
  CHECK(writer.events() == 1);
}

TEST_CASE("recording: an export names all events of a record that are gone, and where") {
  sim::Journal journal = sim::journal_of(3, proto::ClockMode::event);
  const auto last = std::prev(journal.events.end());
  const std::int64_t gone = last->first;
  journal.events.erase(last);
  const auto text = sim::record_journal(journal);
  REQUIRE(!text);
  CHECK(text.error().code == ErrorCode::corrupt);
  CHECK(text.error().message.find(fmt::format("gone from their stream: {}", gone)) !=
        std::string::npos);
}
