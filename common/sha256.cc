#include "common/sha256.h"

#include <openssl/sha.h>

namespace lc {

// The library's one-shot EVP calls cost five times as much on short texts; its low-level ones are
// declared old, but are what the EVP calls end in.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

Sha256 sha256(std::string_view bytes) {
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, bytes.data(), bytes.size());
  Sha256 digest;
  SHA256_Final(digest.data(), &context);
  return digest;
}

Sha256 sha256_chained(const Sha256& before, std::string_view bytes) {
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, before.data(), before.size());
  SHA256_Update(&context, bytes.data(), bytes.size());
  Sha256 digest;
  SHA256_Final(digest.data(), &context);
  return digest;
}

#pragma GCC diagnostic pop

std::string to_hex(const Sha256& digest) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(digest.size() * 2, '0');
  for (std::size_t i = 0; i < digest.size(); ++i) {
    text[2 * i] = kDigits[digest[i] >> 4];
    text[2 * i + 1] = kDigits[digest[i] & 15];
  }
  return text;
}

}  // namespace lc
