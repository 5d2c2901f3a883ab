#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <utility>

namespace lc::cli {

/// Writes formatted text; unlike fmt::print it does not throw. A failure stays in the stream, where
/// run_command finds it at the end.
template <class... Args>
void put(std::FILE* file, fmt::format_string<Args...> format, Args&&... args) {
  const std::string text = fmt::format(format, std::forward<Args>(args)...);
  std::fwrite(text.data(), 1, text.size(), file);
}

}  // namespace lc::cli
