#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"

namespace lc::worker {

inline constexpr std::size_t kBatchBytesMax = std::size_t{64} << 20;
inline constexpr std::int64_t kPartsMax = 4'096;
inline constexpr std::size_t kPartIdCharsMax = 100;

/// Puts a `ready` together that came in numbered parts, because it is larger than the server's
/// max_payload.
///
/// A part starts with `LC-PART <id> <i> <n>\n`, i of 1..n, and parts of one batch arrive in order:
/// a batch whose part is missing, or which another one interrupts, is given up. Anything else is a
/// whole message.
class Parts {
 public:
  /// The whole text when `data` completes one. Errors: invalid_input - a wrong head, or a part that
  /// does not follow its predecessor; overloaded - larger than the limits; the batch is given up.
  Result<std::optional<std::string>> add(std::string_view data);

 private:
  std::string id_;
  std::int64_t last_ = 0;   // the part received last
  std::int64_t count_ = 0;  // 0: no batch is open
  std::string text_;
};

}  // namespace lc::worker
