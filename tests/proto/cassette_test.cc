#include "proto/cassette.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace lc::proto {
namespace {

const std::string kHash(kRequestHashChars, 'b');

std::string line_of(std::int64_t slice, std::string_view more = "") {
  return R"({"crew":"talker","slice":)" + std::to_string(slice) +
         R"(,"attempt":1,"model_calls":[{"request":")" + kHash + R"(","answer":"x","usage":{}}])" +
         std::string(more) + "}";
}

std::string error_of(std::string_view text) {
  const auto read = parse_cassette(text, "c.jsonl");
  REQUIRE_FALSE(read);
  CHECK(read.error().code == ErrorCode::invalid_input);
  return read.error().message;
}

TEST_CASE("cassette: what is written is read back, line by line") {
  CHECK(cassette_header() == R"({"format":"live-crew-cassette","v":1})");
  const std::string text = cassette_header() + "\n" + line_of(-1) + "\n" +
                           line_of(84, R"(,"model_calls_dropped":2)") + "\n";
  const auto entries = parse_cassette(text, "c.jsonl");
  REQUIRE(entries);
  REQUIRE(entries->size() == 2);
  CHECK(entries->at(0).crew == CrewId{"talker"});
  CHECK(entries->at(0).slice == SliceIndex{-1});
  CHECK(entries->at(0).attempt == Attempt{1});
  CHECK(entries->at(0).model_calls.calls[0].answer->text == "x");
  CHECK(entries->at(1).model_calls.dropped == 2);
  CHECK(write_cassette_entry(entries->at(0)) == line_of(-1));
  CHECK(write_cassette_entry(entries->at(1)) == line_of(84, R"(,"model_calls_dropped":2)"));
}

TEST_CASE("cassette: a header alone is an empty one, and the last line may lack its end") {
  CHECK(parse_cassette(cassette_header(), "c")->empty());
  CHECK(parse_cassette(cassette_header() + "\n", "c")->empty());
  CHECK(parse_cassette(cassette_header() + "\n" + line_of(1), "c")->size() == 1);
}

TEST_CASE("cassette: a file that does not start with the header is refused with what it lacks") {
  const std::string wanted = "; a cassette starts with " + cassette_header();
  struct Row {
    std::string first;
    std::string_view words;
  };
  const Row rows[] = {
      {"", "c.jsonl:1: "},
      {line_of(1), "field 'format' is missing"},
      {R"({"format":"live-crew-cassette"})", "field 'v' is missing"},
      {R"({"format":"live-crew-cassette","v":2})",
       "field 'v' is the number 2; this program understands version 1"},
      {R"({"format":"live-crew-cassette","v":"1"})", "field 'v' is the string \"1\""},
      {R"({"format":"tape","v":1})", "field 'format' is the string \"tape\""},
      {R"({"format":"live-crew-cassette","v":1,"by":"me"})", "field 'by' is unknown"},
      {"[]", "c.jsonl:1: "},
  };
  for (const Row& row : rows) {
    CAPTURE(row.first);
    const std::string words = error_of(row.first + "\n{broken\n");
    CAPTURE(words);
    CHECK(words.starts_with("c.jsonl:1: "));
    CHECK(words.find(row.words) != std::string::npos);
    CHECK(words.ends_with(wanted));
    CHECK(words.find(":2:") == std::string::npos);  // what it would mean is not known
  }
}

TEST_CASE("cassette: every line that is wrong is named with its number") {
  const std::string words =
      error_of(cassette_header() + "\n" + line_of(1) + "\n{broken\n\n" + line_of(2) + "\n" +
               line_of(3, R"(,"stream":"s")") +
               "\n{\"crew\":\"a.b\",\"slice\":0.5,\"attempt\":0}\n" + line_of(4).substr(0, 40));
  CAPTURE(words);
  CHECK(std::ranges::count(words, '\n') == 4);
  for (const std::string_view expected : {
           "c.jsonl:3: cassette entry: ",
           "\nc.jsonl:4: cassette entry: ",
           "\nc.jsonl:6: cassette entry: field 'stream' is unknown",
           "\nc.jsonl:7: cassette entry: field 'crew' is wrong",
           "; field 'slice' is the number 0.5",
           "; field 'attempt' is the number 0",
           "; field 'model_calls' is missing",
           "\nc.jsonl:8: cassette entry: ",
       }) {
    CAPTURE(expected);
    CHECK(words.find(expected) != std::string::npos);
  }
}

TEST_CASE("cassette: of a file that is none, the first lines are told and the others counted") {
  std::string text = cassette_header() + "\n";
  for (int i = 0; i < 100; ++i) {
    text += "x\n";
  }
  const std::string words = error_of(text);
  CHECK(std::ranges::count(words, '\n') == 20);
  CHECK(words.ends_with("\nc.jsonl: and 80 more lines"));
}

TEST_CASE("cassette: a file over the limit is refused unread") {
  const auto read = parse_cassette(std::string(kCassetteBytesMax + 1, ' '), "c.jsonl");
  REQUIRE_FALSE(read);
  CHECK(read.error().code == ErrorCode::overloaded);
  CHECK(read.error().message == "c.jsonl: has 67108865 bytes, at most 67108864 are accepted");
}

}  // namespace
}  // namespace lc::proto
