#include "proto/template/unicode.h"

namespace lc::templates {
namespace {

bool is_continuation(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
}

char32_t payload(char c, unsigned mask) {
  return static_cast<unsigned char>(c) & mask;
}

}  // namespace

std::size_t char_size(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  std::size_t size = 1;
  if (lead >= 0xF0 && lead <= 0xF4) {
    size = 4;
  } else if (lead >= 0xE0 && lead < 0xF0) {
    size = 3;
  } else if (lead >= 0xC2 && lead < 0xE0) {
    size = 2;
  }
  for (std::size_t i = 1; i < size; ++i) {
    if (!is_continuation(text, at + i)) {
      return 1;
    }
  }
  return size;
}

char32_t char_at(std::string_view text, std::size_t at) {
  switch (char_size(text, at)) {
    case 2:
      return payload(text[at], 0x1F) << 6 | payload(text[at + 1], 0x3F);
    case 3:
      return payload(text[at], 0x0F) << 12 | payload(text[at + 1], 0x3F) << 6 |
             payload(text[at + 2], 0x3F);
    case 4:
      return payload(text[at], 0x07) << 18 | payload(text[at + 1], 0x3F) << 12 |
             payload(text[at + 2], 0x3F) << 6 | payload(text[at + 3], 0x3F);
    default:
      return static_cast<unsigned char>(text[at]);
  }
}

std::size_t char_count(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); at += char_size(text, at)) {
    ++count;
  }
  return count;
}

std::size_t char_offset(std::string_view text, std::size_t index) {
  std::size_t at = 0;
  while (index > 0 && at < text.size()) {
    at += char_size(text, at);
    --index;
  }
  return at;
}

void append_char(std::string& out, char32_t c) {
  const auto tail = [&out, c](int shift) {
    out += static_cast<char>(0x80U | ((c >> shift) & 0x3FU));
  };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0U | (c >> 6));
    tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0U | (c >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0U | (c >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = char_size(text, at);
    const char32_t c = char_at(text, at);
    const bool is_short = (size == 1 && c >= 0x80) || (size == 3 && c < 0x800) ||
                          (size == 4 && (c < 0x10000 || c > 0x10FFFF));
    if (is_short || (c >= 0xD800 && c <= 0xDFFF)) {
      return false;
    }
    at += size;
  }
  return true;
}

bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

std::string_view trim_start(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && is_space(char_at(text, at))) {
    at += char_size(text, at);
  }
  return text.substr(at);
}

std::string_view trim_end(std::string_view text) {
  std::size_t end = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t next = at + char_size(text, at);
    if (!is_space(char_at(text, at))) {
      end = next;
    }
    at = next;
  }
  return text.substr(0, end);
}

}  // namespace lc::templates
