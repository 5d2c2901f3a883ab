#include "supervisor/nonce.h"

#include <sys/random.h>

#include "common/check.h"

namespace lc::supervisor {

std::string NonceSource::draw() {
  if (used_ == pool_.size()) {
    for (std::size_t filled = 0; filled < pool_.size();) {
      const auto got = getrandom(pool_.data() + filled, pool_.size() - filled, 0);
      LC_ASSERT(got > 0);
      filled += static_cast<std::size_t>(got);
    }
    used_ = 0;
  }
  constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * kNonceBytes);
  for (std::size_t i = 0; i < kNonceBytes; ++i) {
    const unsigned char byte = pool_[used_ + i];
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  used_ += kNonceBytes;
  return text;
}

}  // namespace lc::supervisor
