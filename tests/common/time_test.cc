#include "common/time.h"

#include <doctest/doctest.h>

namespace lc {
namespace {

TEST_CASE("time: RFC 3339 reads to UTC microseconds and writes back") {
  struct Row {
    const char* text;
    std::int64_t us;
    const char* written;
  };
  for (const Row& row : {
           Row{"1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00.000Z"},
           Row{"2025-07-31T19:22:05.200Z", 1753989725200000, "2025-07-31T19:22:05.200Z"},
           Row{"2025-07-31t21:22:05.2+02:00", 1753989725200000, "2025-07-31T19:22:05.200Z"},
           Row{"2025-07-31 19:22:05.2000019z", 1753989725200001, "2025-07-31T19:22:05.200001Z"},
           Row{"1969-12-31T23:59:59.999999Z", -1, "1969-12-31T23:59:59.999999Z"},
           Row{"2024-02-29T12:00:00-11:30", 1709249400000000, "2024-02-29T23:30:00.000Z"},
           Row{"2016-12-31T23:59:60Z", 1483228800000000, "2017-01-01T00:00:00.000Z"},
           Row{"2017-01-01T00:59:60.5+01:00", 1483228800500000, "2017-01-01T00:00:00.500Z"},
           Row{"1969-12-31T23:59:60Z", 0, "1970-01-01T00:00:00.000Z"},
       }) {
    CAPTURE(row.text);
    const auto time = parse_rfc3339(row.text);
    REQUIRE(time);
    CHECK(time->us == row.us);
    CHECK(format_rfc3339(*time) == row.written);
  }
}

TEST_CASE("time: what is not a time with an offset is refused") {
  for (const char* text :
       {"", "now", "2025-07-31", "2025-07-31T19:22:05", "2025-7-31T19:22:05Z",
        "2025-02-29T00:00:00Z", "2025-13-01T00:00:00Z", "2025-07-31T24:00:00Z",
        "2025-07-31T19:60:00Z", "2025-07-31T19:22:05.Z", "2025-07-31T19:22:05Zx",
        "2025-07-31T19:22:05+25:00", "2025-07-31T19:22:05+0200", "2016-12-30T23:59:60Z",
        "2016-12-31T12:00:60Z", "2016-12-31T23:59:60+01:00"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_rfc3339(text));
  }
}

TEST_CASE("time: a slice index is a floor, also below zero and at exact boundaries") {
  const WallTime epoch0{1'000'000};
  struct Row {
    std::int64_t us;
    std::int64_t slice;
  };
  for (const Row& row : {Row{1'000'000, 0}, Row{1'499'999, 0}, Row{1'500'000, 1}, Row{999'999, -1},
                         Row{500'000, -1}, Row{499'999, -2}, Row{1'000'000 + 41'500'000, 83}}) {
    CHECK(slice_index(WallTime{row.us}, epoch0, millis(500)).value == row.slice);
  }
  CHECK(slice_start(SliceIndex{83}, epoch0, millis(500)).us == 42'500'000);
}

}  // namespace
}  // namespace lc
