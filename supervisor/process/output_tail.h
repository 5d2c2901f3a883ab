#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lc::process {

inline constexpr std::size_t kOutputTailBytes = std::size_t{64} << 10;

/// The last bytes that a worker wrote to stdout and stderr. Memory grows with what was written, up
/// to kOutputTailBytes.
class OutputTail {
 public:
  void append(std::string_view bytes);

  /// What is kept, as valid UTF-8: bytes that are not become U+FFFD; a cut is marked by a first
  /// line that counts what was dropped.
  std::string text() const;

  std::int64_t total_bytes() const { return total_bytes_; }

 private:
  std::string ring_;
  std::size_t next_ = 0;  // where the next byte goes, once the ring is full
  std::int64_t total_bytes_ = 0;
};

/// `bytes` with every byte that is not part of a well-formed UTF-8 sequence replaced by U+FFFD.
std::string to_valid_utf8(std::string_view bytes);

}  // namespace lc::process
