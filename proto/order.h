#pragma once

#include <string>
#include <string_view>

#include "common/ids.h"

namespace lc::proto {

inline constexpr std::size_t kOrderTagChars = 8;

/// One dispatch of a crew, as hosts speak of it. A supervisor that takes a stream up may decide the
/// same attempt once more: the tag tells the two apart.
struct Order {
  SliceIndex slice;
  Attempt attempt;
  std::string tag;  // order_tag of the nonce in its `ready`

  bool operator==(const Order&) const = default;
};

/// Half of a hash of the nonce, as kOrderTagChars hexadecimal digits: tells dispatches apart, and
/// says too little of the nonce to answer in its owner's place.
std::string order_tag(std::string_view nonce);

}  // namespace lc::proto
