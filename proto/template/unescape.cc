#include "proto/template/lexer.h"
#include "proto/template/unicode.h"

namespace lc::templates {
namespace {

int digit_value(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 99;
}

// Reads up to `count` digits of `base` at `at`, and moves it behind them.
std::size_t read_digits(std::string_view text, std::size_t& at, std::size_t count, int base,
                        std::uint32_t& value) {
  std::size_t size = 0;
  for (; size < count && at < text.size() && digit_value(text[at]) < base; ++size, ++at) {
    value = value * static_cast<std::uint32_t>(base) +
            static_cast<std::uint32_t>(digit_value(text[at]));
  }
  return size;
}

char simple_escape(char letter) {
  constexpr std::string_view kLetters = "\\'\"abfnrtv";
  constexpr std::string_view kValues = "\\'\"\a\b\f\n\r\t\v";
  const auto found = kLetters.find(letter);
  return found == std::string_view::npos ? '\0' : kValues[found];
}

Outcome<void> code_point(std::string& out, std::string_view inside, std::size_t& at, Place place) {
  const char letter = inside[at++];
  const std::size_t count = letter == 'x' ? 2 : letter == 'u' ? 4 : 8;
  std::uint32_t value = 0;
  if (read_digits(inside, at, count, 16, value) < count) {
    return fault(std::string("the escape '\\") + letter + "' needs " + std::to_string(count) +
                     " hexadecimal digits",
                 place);
  }
  if (value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
    return fault("the string has an escape that is no character", place);
  }
  append_char(out, value);
  return {};
}

}  // namespace

Outcome<std::string> unescape(std::string_view inside, Place place) {
  std::string out;
  out.reserve(inside.size());
  for (std::size_t at = 0; at < inside.size();) {
    if (inside[at] != '\\') {
      out += inside[at++];
      continue;
    }
    ++at;
    if (at >= inside.size()) {
      return fault("the string ends in a backslash", place);
    }
    const char letter = inside[at];
    if (const char plain = simple_escape(letter); plain != '\0') {
      out += plain;
      ++at;
    } else if (letter == '\n') {
      ++at;
    } else if (letter == 'x' || letter == 'u' || letter == 'U') {
      LC_TRY_STATUS(code_point(out, inside, at, place));
    } else if (letter >= '0' && letter <= '7') {
      std::uint32_t value = 0;
      read_digits(inside, at, 3, 8, value);
      append_char(out, value);
    } else if (static_cast<unsigned char>(letter) >= 0x80) {
      return fault("a backslash before a letter outside of ASCII is not supported", place);
    } else if (letter == 'N') {
      return fault("the escape '\\N{...}' is not supported: write the character", place);
    } else {
      out += '\\';  // as Python: an unknown escape stays as it is
    }
  }
  return out;
}

}  // namespace lc::templates
