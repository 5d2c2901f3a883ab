#include "proto/template/number_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace lc::templates {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string_view trim_ascii(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\n\r\f\v";
  const auto first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

// `1_000` is a number, `1__0`, `_1` and `1_` are not.
std::optional<std::string> without_underscores(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      plain += text[i];
    } else if (i == 0 || i + 1 == text.size() || !is_digit(text[i - 1]) || !is_digit(text[i + 1])) {
      return std::nullopt;
    }
  }
  return plain;
}

}  // namespace

std::string float_text(double number) {
  if (std::isnan(number)) {
    return "nan";
  }
  if (std::isinf(number)) {
    return number < 0 ? "-inf" : "inf";
  }
  std::array<char, 40> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                                 std::chars_format::scientific)
                       .ptr;
  const std::string_view shortest(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const auto mark = shortest.find('e');
  std::string digits(shortest.substr(0, mark));
  const int exponent = std::atoi(shortest.data() + mark + 1);
  if (exponent < -4 || exponent >= 16) {
    return std::string(shortest);
  }
  std::string sign;
  if (digits.front() == '-') {
    sign = "-";
    digits.erase(0, 1);
  }
  if (digits.size() > 1) {
    digits.erase(1, 1);
  }
  if (exponent < 0) {
    return sign + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  }
  const auto whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= whole) {
    return sign + digits + std::string(whole - digits.size(), '0') + ".0";
  }
  return sign + digits.substr(0, whole) + "." + digits.substr(whole);
}

std::optional<double> parse_float(std::string_view text) {
  const auto plain = without_underscores(trim_ascii(text));
  if (!plain || plain->empty() || plain->find_first_of("xXpP(") != std::string::npos) {
    return std::nullopt;
  }
  char* end = nullptr;
  const double number = std::strtod(plain->c_str(), &end);
  if (end != plain->c_str() + plain->size()) {
    return std::nullopt;
  }
  return number;
}

double round_to(double number, int digits) {
  std::array<char, 700> buffer{};
  const int size = std::snprintf(buffer.data(), buffer.size(), "%.*f", digits, number);
  if (size < 0 || static_cast<std::size_t>(size) >= buffer.size()) {
    return number;
  }
  return std::strtod(buffer.data(), nullptr);
}

}  // namespace lc::templates
