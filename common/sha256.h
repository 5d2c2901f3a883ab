#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace lc {

/// A SHA-256 digest (FIPS 180-4).
using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(std::string_view bytes);

/// The digest of `bytes` after the bytes of `before`: links a chain.
Sha256 sha256_chained(const Sha256& before, std::string_view bytes);

/// 64 lower-case hex digits.
std::string to_hex(const Sha256& digest);

}  // namespace lc
