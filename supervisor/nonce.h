#pragma once

#include <array>
#include <cstddef>
#include <string>

namespace lc::supervisor {

/// Draws nonces that nobody can guess: 128 bits of the kernel's randomness as 32 hex digits.
class NonceSource {
 public:
  std::string draw();

 private:
  static constexpr std::size_t kNonceBytes = 16;
  std::array<unsigned char, 256 * kNonceBytes> pool_{};  // one system call for 256 nonces
  std::size_t used_ = sizeof pool_;
};

}  // namespace lc::supervisor
