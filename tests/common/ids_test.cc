#include "common/ids.h"

#include <doctest/doctest.h>

namespace lc {
namespace {

TEST_CASE("ids: names have a pattern and a length") {
  CHECK(parse_stream_id("match-42_A"));
  CHECK(parse_stream_id(std::string(100, 'a')));
  CHECK_FALSE(parse_stream_id(std::string(101, 'a')));
  CHECK_FALSE(parse_stream_id("a.b"));
  CHECK_FALSE(parse_stream_id(""));
  CHECK(parse_crew_id("vision"));
  CHECK_FALSE(parse_crew_id("vision-2"));
  CHECK(parse_kind(std::string(50, 'k')));
  CHECK_FALSE(parse_kind(std::string(51, 'k')));
  CHECK_FALSE(parse_kind("__hb"));
  CHECK(parse_kind("_hb"));
}

}  // namespace
}  // namespace lc
