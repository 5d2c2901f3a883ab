#include "worker/progress.h"

#include <doctest/doctest.h>

namespace lc::worker {
namespace {

TEST_CASE("progress: the first step is told at once, then one in each 20 ms") {
  struct Row {
    std::int64_t at_us;
    bool told;
  };
  const Row rows[] = {{5, true},       {5, false},     {20'004, false},  {20'005, true},
                      {20'006, false}, {90'000, true}, {109'999, false}, {110'000, true}};
  ProgressLimit limit;
  for (const Row& row : rows) {
    CAPTURE(row.at_us);
    CHECK(limit.allows(MonoTime{row.at_us}) == row.told);
  }
}

}  // namespace
}  // namespace lc::worker
