// What can be asked of a YAML tree once it is read.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "common/yaml.h"
#include "common/yaml_text.h"

namespace lc {
namespace {

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view without_leading_zeros(std::string_view digits) {
  const std::size_t first = digits.find_first_not_of('0');
  return first == std::string_view::npos ? "0" : digits.substr(first);
}

// `0o17` and `0x1F`; nothing when it is neither or does not fit.
std::optional<std::int64_t> based_int(std::string_view text) {
  const int base = text.starts_with("0o") ? 8 : text.starts_with("0x") ? 16 : 0;
  std::int64_t value = 0;
  if (base == 0 || text.size() < 3 || text[2] == '-') {
    return std::nullopt;
  }
  const auto [end, error] =
      std::from_chars(text.data() + 2, text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

// A decimal number of the core schema as JSON writes it: `+1` is 1, `.5` is 0.5, `007` is 7.
std::optional<std::string> decimal(std::string_view text) {
  std::string out;
  if (text.starts_with('-') || text.starts_with('+')) {
    out = text.starts_with('-') ? "-" : "";
    text.remove_prefix(1);
  }
  std::string_view exponent;
  if (const std::size_t e = text.find_first_of("eE"); e != std::string_view::npos) {
    exponent = text.substr(e);
    const bool is_signed = exponent.size() > 1 && (exponent[1] == '-' || exponent[1] == '+');
    if (!is_digits(exponent.substr(is_signed ? 2 : 1))) {
      return std::nullopt;
    }
    text = text.substr(0, e);
  }
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction =
      point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  const bool whole_ok = is_digits(whole) || (whole.empty() && !fraction.empty());
  if (!whole_ok || (!fraction.empty() && !is_digits(fraction))) {
    return std::nullopt;
  }
  out += without_leading_zeros(whole);
  if (point != std::string_view::npos) {
    out += fmt::format(".{}", fraction.empty() ? "0" : fraction);
  }
  return out + std::string(exponent);
}

Json scalar_to_json(const YamlNode& node) {
  const std::string& text = node.text;
  if (node.style == YamlStyle::quoted) {
    return {text};
  }
  if (text == "null" || text == "Null" || text == "NULL" || text == "~" || text.empty()) {
    return {nullptr};
  }
  if (text == "true" || text == "True" || text == "TRUE") {
    return {true};
  }
  if (text == "false" || text == "False" || text == "FALSE") {
    return {false};
  }
  if (const auto value = based_int(text)) {
    return {*value};
  }
  if (auto number = decimal(text)) {
    return {JsonNumber{std::move(*number)}};
  }
  return {text};
}

}  // namespace

const YamlNode* find(const YamlNode& mapping, std::string_view key) {
  const auto it = std::ranges::find_if(
      mapping.members, [key](const YamlMember& member) { return member.first.text == key; });
  return it == mapping.members.end() ? nullptr : &it->second;
}

SourceLocation locate_in_scalar(std::string_view text, std::string_view file,
                                const YamlNode& scalar, int line, int column) {
  const SourceLocation start = {std::string(file), scalar.line, scalar.column};
  const std::string_view first = line_of(text, scalar.line);
  std::size_t byte = 0;
  for (int n = 1; n < scalar.column && byte < first.size(); ++n) {
    do {
      ++byte;
    } while (byte < first.size() && (static_cast<unsigned char>(first[byte]) & 0xC0U) == 0x80U);
  }
  const char opener = byte < first.size() ? first[byte] : '\0';
  if (opener == '|' && line >= 1) {
    // The block's indentation is that of its first line that is not blank.
    for (int n = scalar.line + 1;; ++n) {
      const std::string_view candidate = line_of(text, n);
      if (const std::size_t indent = candidate.find_first_not_of(' ');
          indent != std::string_view::npos) {
        return {start.file, scalar.line + line, static_cast<int>(indent) + column};
      }
      if (n > scalar.line + line) {
        return start;
      }
    }
  }
  if (opener == '>' || line != 1 || scalar.text.find('\n') != std::string::npos) {
    return start;
  }
  const int quote = opener == '"' || opener == '\'' ? 1 : 0;
  return {start.file, start.line, start.column + quote + column - 1};
}

std::string_view describe(const YamlNode& node) {
  switch (node.kind) {
    case YamlKind::null:
      return "nothing";
    case YamlKind::sequence:
      return "a list";
    case YamlKind::mapping:
      return "a mapping";
    case YamlKind::scalar:
      break;
  }
  const Json json = scalar_to_json(node);
  return as_bool(json) != nullptr     ? "true or false"
         : as_string(json) != nullptr ? "text"
         : is_null(json)              ? "nothing"
                                      : "a number";
}

Json to_json(const YamlNode& node) {
  switch (node.kind) {
    case YamlKind::null:
      return {nullptr};
    case YamlKind::scalar:
      return scalar_to_json(node);
    case YamlKind::sequence: {
      JsonArray items;
      for (const YamlNode& item : node.items) {
        items.push_back(to_json(item));
      }
      return {std::move(items)};
    }
    case YamlKind::mapping: {
      JsonObject members;
      for (const auto& [key, value] : node.members) {
        members.emplace_back(key.text, to_json(value));
      }
      return {std::move(members)};
    }
  }
  return {nullptr};
}

}  // namespace lc
