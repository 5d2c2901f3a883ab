#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lc::bench {

/// A JSON object of the percentiles of at least one value.
std::string percentiles(std::vector<std::int64_t> values);

}  // namespace lc::bench
