#include "proto/order.h"

#include <fmt/format.h>

#include "common/fingerprint.h"

namespace lc::proto {

std::string order_tag(std::string_view nonce) {
  return fmt::format("{:08x}", fingerprint(nonce) >> 32U);
}

}  // namespace lc::proto
