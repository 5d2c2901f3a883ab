#pragma once

#include <cstdint>
#include <string_view>

namespace lc {

/// FNV-1a, 64 bits: tells texts apart that nobody chose to look alike.
constexpr std::uint64_t fingerprint(std::string_view text) {
  std::uint64_t hash = 14'695'981'039'346'656'037U;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211U;
  }
  return hash;
}

}  // namespace lc
