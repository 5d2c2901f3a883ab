#include "supervisor/report_limit.h"

#include <doctest/doctest.h>

namespace lc::supervisor {
namespace {

constexpr MonoTime kStart{5'000'000};

TEST_CASE(
    "G11 ten reports of one source in a second pass, and the next one says how many did not") {
  ReportLimit limit;
  for (int i = 0; i < ReportLimit::kPerSecond; ++i) {
    CHECK(limit.admit("vision", kStart) == 0);
  }
  CHECK_FALSE(limit.admit("vision", kStart));
  CHECK_FALSE(limit.admit("vision", kStart + millis(999)));
  CHECK(limit.admit("other", kStart) == 0);
  CHECK(limit.admit("vision", kStart + seconds(1)) == 2);
  CHECK(limit.admit("vision", kStart + seconds(1)) == 0);
}

TEST_CASE("G11 so many names share one place that a flood of names is limited too") {
  ReportLimit limit;
  for (std::size_t i = 0; i < ReportLimit::kSourcesMax; ++i) {
    CHECK(limit.admit("crew" + std::to_string(i), kStart) == 0);
  }
  int admitted = 0;
  for (int i = 0; i < 100; ++i) {
    admitted += limit.admit("more" + std::to_string(i), kStart) ? 1 : 0;
  }
  CHECK(admitted == ReportLimit::kPerSecond);
}

}  // namespace
}  // namespace lc::supervisor
