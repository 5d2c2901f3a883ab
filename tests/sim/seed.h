#pragma once

#include <doctest/doctest.h>

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <random>
#include <string_view>

namespace lc::sim {

inline std::optional<std::uint64_t> environment_number(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) {
    return std::nullopt;
  }
  const std::string_view digits(text);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  REQUIRE_MESSAGE((error == std::errc{} && end == digits.data() + digits.size()), name,
                  " is not a number: ", text);
  return number;
}

/// LC_SIM_SEED, or another one each time.
inline std::uint64_t first_seed() {
  static const std::uint64_t kSeed =
      environment_number("LC_SIM_SEED").value_or(std::random_device{}());  // tidy: it is printed
  return kSeed;
}

}  // namespace lc::sim
