#pragma once

#include <cstddef>
#include <string>

#include "common/result.h"

namespace lc {

/// Reads a whole file that is at most `bytes_max` long.
///
/// Errors: not_found - it does not exist; denied - it may not be read; invalid_input - it is a
/// folder; overloaded - it is longer; unavailable - reading failed. The message ends in the
/// system's own words and does not repeat the path.
Result<std::string> read_text_file(const std::string& path, std::size_t bytes_max);

}  // namespace lc
