#include "common/text.h"

#include <doctest/doctest.h>

#include "common/ids.h"
#include "common/json.h"
#include "common/time.h"

namespace lc {
namespace {

TEST_CASE("text: is cut at a character's edge") {
  struct Row {
    std::string_view text;
    std::size_t bytes_max;
    std::string_view start;
    std::string_view both_ends;
  };
  for (const Row& row :
       {Row{"", 0, "", ""}, Row{"abcd", 4, "abcd", "abcd"}, Row{"abcde", 4, "abcd...", "ab...de"},
        Row{"\xc3\xa9\xc3\xa9\xc3\xa9", 5, "\xc3\xa9\xc3\xa9...", "\xc3\xa9...\xc3\xa9"},
        Row{"\xe2\x82\xac\xe2\x82\xac", 2, "...", "..."}}) {
    CAPTURE(row.text);
    CHECK(shorten(row.text, row.bytes_max) == row.start);
    CHECK(shorten_middle(row.text, row.bytes_max) == row.both_ends);
  }
}

TEST_CASE("text: what is not UTF-8 is replaced, byte by byte") {
  struct Row {
    std::string_view text;
    std::string_view valid;
  };
  for (const Row& row : {
           Row{"plain \x01 \x7f", "plain \x01 \x7f"},
           Row{"\xc2\x80 \xdf\xbf", "\xc2\x80 \xdf\xbf"},
           Row{"\xe0\xa0\x80 \xef\xbf\xbf", "\xe0\xa0\x80 \xef\xbf\xbf"},
           Row{"\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf", "\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf"},
           Row{"\x80", "?"},
           Row{"\xc3", "?"},
           Row{"\xc3(", "?("},
           Row{"\xc0\xaf", "??"},            // an overlong slash
           Row{"\xe0\x9f\xbf", "???"},       // overlong
           Row{"\xed\xa0\x80", "???"},       // a surrogate
           Row{"\xf0\x8f\xbf\xbf", "????"},  // overlong
           Row{"\xf4\x90\x80\x80", "????"},  // above U+10FFFF
           Row{"\xf5\x80\x80\x80", "????"},
           Row{"a\xe2\x82", "a??"},
           Row{"\xff\xfe", "??"},
       }) {
    CAPTURE(row.valid);
    CHECK(valid_utf8(row.text) == row.valid);
  }
}

TEST_CASE("text: words about bad input are short and valid, whatever the input") {
  const std::string bad = "\xc3(" + std::string(100'000, 'x') + "\xff";
  for (const std::string& words :
       {parse_json("\"" + bad).error().message, parse_json("[" + bad).error().message,
        split_json_object("{\"" + bad).error().message, parse_kind(bad).error().message,
        parse_stream_id("x" + bad).error().message, parse_rfc3339(bad).error().message,
        split_json_object("{\"a" + bad.substr(2, 1'000) + "\":0,\"a" + bad.substr(2, 1'000) +
                          "\":0}")
            .error()
            .message}) {
    CHECK(words.size() < 500);
    CHECK(valid_utf8(words) == words);
  }
}

}  // namespace
}  // namespace lc
