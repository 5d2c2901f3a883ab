#include "supervisor/process/output_tail.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace lc::process {
namespace {

unsigned char byte_at(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

bool is_continuation(unsigned char byte) {
  return (byte & 0xC0) == 0x80;
}

/// Length of the well-formed sequence at `i`, or 0 (RFC 3629: no overlong forms, no surrogates).
std::size_t sequence_length(std::string_view text, std::size_t i) {
  const unsigned char lead = byte_at(text, i);
  if (lead < 0x80) {
    return 1;
  }
  if (lead < 0xC2 || lead > 0xF4) {
    return 0;
  }
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (text.size() - i < length) {
    return 0;
  }
  for (std::size_t k = 1; k < length; ++k) {
    if (!is_continuation(byte_at(text, i + k))) {
      return 0;
    }
  }
  const unsigned char second = byte_at(text, i + 1);
  const bool bad = (lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
                   (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F);
  return bad ? 0 : length;
}

}  // namespace

std::string to_valid_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (std::size_t i = 0; i < bytes.size();) {
    const std::size_t length = sequence_length(bytes, i);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
      i += 1;
    } else {
      out += bytes.substr(i, length);
      i += length;
    }
  }
  return out;
}

void OutputTail::append(std::string_view bytes) {
  total_bytes_ += static_cast<std::int64_t>(bytes.size());
  if (bytes.size() > kOutputTailBytes) {
    bytes.remove_prefix(bytes.size() - kOutputTailBytes);
  }
  const std::size_t grow = std::min(bytes.size(), kOutputTailBytes - ring_.size());
  ring_ += bytes.substr(0, grow);
  bytes.remove_prefix(grow);
  while (!bytes.empty()) {
    const std::size_t count = std::min(bytes.size(), kOutputTailBytes - next_);
    std::copy_n(bytes.data(), count, ring_.data() + next_);
    next_ = (next_ + count) % kOutputTailBytes;
    bytes.remove_prefix(count);
  }
}

std::string OutputTail::text() const {
  std::string kept = ring_.substr(next_) + ring_.substr(0, next_);
  const auto dropped = total_bytes_ - static_cast<std::int64_t>(ring_.size());
  if (dropped == 0) {
    return to_valid_utf8(kept);
  }
  // The cut may go through a character: its rest says nothing.
  std::size_t start = 0;
  while (start < kept.size() && start < 3 && is_continuation(byte_at(kept, start))) {
    start += 1;
  }
  return fmt::format("[{} bytes before this were dropped]\n",
                     dropped + static_cast<std::int64_t>(start)) +
         to_valid_utf8(std::string_view(kept).substr(start));
}

}  // namespace lc::process
