#include "common/clock.h"

#include <doctest/doctest.h>

namespace lc {
namespace {

TEST_CASE("clock: monotonic time does not go back") {
  MonoTime before = monotonic_now();
  for (int i = 0; i < 1'000; ++i) {
    MonoTime now = monotonic_now();
    REQUIRE(now >= before);
    before = now;
  }
}

TEST_CASE("clock: a stream's clock follows monotonic time from the wall time at its start") {
  StreamClock clock(WallTime{1'000'000}, MonoTime{500});
  CHECK(clock.at(MonoTime{500}) == WallTime{1'000'000});
  CHECK(clock.at(MonoTime{750}) == WallTime{1'000'250});
  CHECK(clock.when(WallTime{1'000'250}) == MonoTime{750});
}

TEST_CASE("clock: a stream's clock starts at the present") {
  WallTime before = wall_now();
  StreamClock clock = StreamClock::start_now();
  WallTime at = clock.at(monotonic_now());
  CHECK(at >= before);
  CHECK(at - before < seconds(60));
}

}  // namespace
}  // namespace lc
