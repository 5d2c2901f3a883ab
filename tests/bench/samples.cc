#include "tests/bench/samples.h"

#include <fmt/format.h>

#include <algorithm>

namespace lc::bench {

std::string percentiles(std::vector<std::int64_t> values) {
  std::ranges::sort(values);
  const auto at = [&values](std::size_t percent) {
    return values[std::min(values.size() - 1, values.size() * percent / 100)];
  };
  return fmt::format(R"({{"p50":{},"p99":{},"max":{},"count":{}}})", at(50), at(99), values.back(),
                     values.size());
}

}  // namespace lc::bench
