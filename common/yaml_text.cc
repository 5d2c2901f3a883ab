#include "common/yaml_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "common/yaml.h"

namespace lc {
namespace {

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

// The length of the well-formed UTF-8 character at the front, or 0: no overlong forms, surrogates
// or values past U+10FFFF.
std::size_t utf8_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80U) {
    return 1;
  }
  const std::size_t length = first >= 0xF0U ? 4 : first >= 0xE0U ? 3 : 2;
  if (first < 0xC2U || first > 0xF4U || text.size() < length ||
      !std::ranges::all_of(text.substr(1, length - 1), is_continuation)) {
    return 0;
  }
  const auto second = static_cast<unsigned char>(text[1]);
  const bool overlong = (first == 0xE0U && second < 0xA0U) || (first == 0xF0U && second < 0x90U);
  const bool surrogate = first == 0xEDU && second > 0x9FU;
  const bool too_large = first == 0xF4U && second > 0x8FU;
  return overlong || surrogate || too_large ? 0 : length;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20U && c != '\t' && c != '\n' && c != '\r') || byte == 0x7FU;
}

SourceLocation place(std::string_view text, std::string_view file, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  const auto line = static_cast<int>(std::ranges::count(before, '\n')) + 1;
  const std::string_view head = before.substr(line_start);
  return {std::string(file), line, column_in_characters(head, static_cast<int>(head.size()) + 1)};
}

}  // namespace

std::optional<Diagnostic> check_yaml_text(std::string_view text, std::string_view file) {
  if (text.size() > kYamlBytesMax) {
    return Diagnostic{
        {std::string(file)},
        Severity::error,
        fmt::format("{} bytes of YAML exceed the limit of {}", text.size(), kYamlBytesMax),
        "move large texts into files of their own"};
  }
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text.substr(at));
    const auto byte = static_cast<unsigned>(static_cast<unsigned char>(text[at]));
    if (length == 0) {
      return Diagnostic{place(text, file, at), Severity::error,
                        fmt::format("byte 0x{:02x} is not UTF-8", byte), "save the file as UTF-8"};
    }
    if (is_control(text[at])) {
      return Diagnostic{place(text, file, at), Severity::error,
                        fmt::format("control character U+{:04X}", byte),
                        "write it as an escape in a double-quoted string"};
    }
    at += length;
  }
  return std::nullopt;
}

std::string_view line_of(std::string_view text, int line) {
  for (int n = 1; n < line; ++n) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      return {};
    }
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) {
    text.remove_suffix(1);
  }
  return text;
}

int column_in_characters(std::string_view line, int byte_column) {
  const auto bytes =
      std::min(line.size(), static_cast<std::size_t>(byte_column > 0 ? byte_column - 1 : 0));
  return static_cast<int>(std::ranges::count_if(line.substr(0, bytes),
                                                [](char c) { return !is_continuation(c); })) +
         1;
}

}  // namespace lc
