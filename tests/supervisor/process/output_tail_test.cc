#include "supervisor/process/output_tail.h"

#include <doctest/doctest.h>

#include <string>

namespace lc::process {
namespace {

TEST_CASE("output tail: what fits is kept as it was written") {
  OutputTail tail;
  tail.append("one\n");
  tail.append("");
  tail.append("zw\xC3\xB6lf\n");
  CHECK(tail.text() == "one\nzw\xC3\xB6lf\n");
  CHECK(tail.total_bytes() == 11);
}

TEST_CASE("output tail: the last 64 KiB are kept, and what was dropped is counted") {
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{4096},
                                 kOutputTailBytes, 3 * kOutputTailBytes + 5}) {
    CAPTURE(step);
    std::string all;
    while (all.size() < 3 * kOutputTailBytes) {
      all += std::to_string(all.size()) + "\n";
    }
    OutputTail tail;
    for (std::size_t at = 0; at < all.size(); at += step) {
      tail.append(std::string_view(all).substr(at, step));
    }
    const auto dropped = all.size() - kOutputTailBytes;
    CHECK(tail.text() == "[" + std::to_string(dropped) + " bytes before this were dropped]\n" +
                             all.substr(dropped));
  }
}

TEST_CASE("output tail: a full ring that was not overwritten drops nothing") {
  OutputTail tail;
  tail.append(std::string(kOutputTailBytes, 'x'));
  CHECK(tail.text() == std::string(kOutputTailBytes, 'x'));
}

TEST_CASE("output tail: a character that the cut went through is dropped whole") {
  OutputTail tail;
  tail.append("\xE2\x82\xAC" + std::string(kOutputTailBytes - 1, 'x'));
  CHECK(tail.text() ==
        "[3 bytes before this were dropped]\n" + std::string(kOutputTailBytes - 1, 'x'));
}

TEST_CASE("output tail: bytes that are not UTF-8 become U+FFFD, valid ones stay") {
  struct Row {
    std::string bytes;
    std::string text;
  };
  const std::string bad = "\xEF\xBF\xBD";
  for (const Row& row : {
           Row{"\xFF", bad},
           Row{"a\x80z", "a" + bad + "z"},
           Row{"\xC0\xAF", bad + bad},            // overlong
           Row{"\xED\xA0\x80", bad + bad + bad},  // surrogate
           Row{"\xF4\x90\x80\x80", bad + bad + bad + bad},
           Row{"\xE2\x82", bad + bad},  // cut short
           Row{"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"},
           Row{"\xE2\x82\xAC\xC3", "\xE2\x82\xAC" + bad},
       }) {
    CHECK(to_valid_utf8(row.bytes) == row.text);
  }
}

}  // namespace
}  // namespace lc::process
