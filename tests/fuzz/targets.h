#pragma once

#include <span>
#include <string_view>

namespace lc::fuzz {

/// A parser with what must hold for every input: no crash, and what it accepts is written and read
/// again as the same value. Aborts when that is broken.
struct Target {
  std::string_view name;  // also its folder in corpus/
  void (*run)(std::string_view input);
};

std::span<const Target> targets();

}  // namespace lc::fuzz
