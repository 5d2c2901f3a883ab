#include <charconv>
#include <cmath>

#include "proto/template/filters.h"
#include "proto/template/number_text.h"
#include "proto/template/operate.h"
#include "proto/template/unicode.h"

namespace lc::templates {
namespace {

constexpr double kWholeEnd = 9223372036854775808.0;  // 2^63

Outcome<Value> whole_of(double real) {
  if (!(real >= -kWholeEnd && real < kWholeEnd)) {
    return fault("the number " + float_text(real) + " is beyond 64 bits");
  }
  return Value{static_cast<std::int64_t>(real)};
}

struct Digits {
  std::string digits;
  bool is_negative = false;
};

// The digits of what Python's `int()` reads, without sign, prefix and underscores.
std::optional<Digits> read_digits(std::string_view text, std::int64_t& base) {
  Digits read;
  text = trim_start(trim_end(text));
  if (text.starts_with('-') || text.starts_with('+')) {
    read.is_negative = text[0] == '-';
    text.remove_prefix(1);
  }
  const char letter = text.size() > 1 && text[0] == '0' ? static_cast<char>(text[1] | 0x20) : '\0';
  const std::int64_t named = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 0;
  if (named != 0 && (base == named || base == 0)) {
    base = named;
    text.remove_prefix(2);
    text.remove_prefix(text.starts_with('_') ? 1 : 0);
  }
  if (base == 0) {
    base = 10;
    if (text.size() > 1 && text[0] == '0' && text.find_first_not_of("0_") != text.npos) {
      return std::nullopt;
    }
  }
  bool after_digit = false;
  for (const char c : text) {
    if (c == '_' && !after_digit) {
      return std::nullopt;
    }
    after_digit = c != '_';
    if (after_digit) {
      read.digits += c;
    }
  }
  return after_digit ? std::optional(read) : std::nullopt;
}

// Nothing when the text is no whole number in that base.
Outcome<std::optional<std::int64_t>> parse_whole(std::string_view text, std::int64_t base) {
  const auto read = read_digits(text, base);
  if (!read) {
    return std::nullopt;
  }
  const std::string signed_digits = (read->is_negative ? "-" : "") + read->digits;
  std::int64_t number = 0;
  const char* end = signed_digits.data() + signed_digits.size();
  const auto parsed = std::from_chars(signed_digits.data(), end, number, static_cast<int>(base));
  if (parsed.ptr != end || parsed.ec == std::errc::invalid_argument ||
      read->digits.starts_with('-')) {
    return std::nullopt;
  }
  if (parsed.ec == std::errc::result_out_of_range) {
    return fault("the whole number " + std::string(trim_start(trim_end(text))) +
                 " is beyond 64 bits");
  }
  return number;
}

Outcome<Value> to_int(const Call& call) {
  if (const auto* undefined = as_undefined(call.input)) {
    return undefined_fault(*undefined);
  }
  const Value fallback = call.arguments[0] != nullptr ? *call.arguments[0] : Value{std::int64_t{0}};
  LC_TRY(const std::int64_t base, whole_argument(call.arguments[1], 10));
  if (base != 0 && (base < 2 || base > 36)) {
    return fault("the base must be 0 or 2 to 36");
  }
  if (const auto whole = as_whole(call.input)) {
    return Value{*whole};
  }
  std::optional<double> real = as_real(call.input);
  if (const Text* text = as_text(call.input)) {
    LC_TRY_STATUS(call.meter.charge_bytes(text->view.size()));
    LC_TRY(const auto whole, parse_whole(text->view, base));
    if (whole) {
      return Value{*whole};
    }
    real = parse_float(text->view);
  }
  return real && !std::isnan(*real) ? whole_of(*real) : fallback;
}

Outcome<Value> to_float(const Call& call) {
  if (const auto* undefined = as_undefined(call.input)) {
    return undefined_fault(*undefined);
  }
  std::optional<double> real = as_real(call.input);
  if (const Text* text = as_text(call.input)) {
    LC_TRY_STATUS(call.meter.charge_bytes(text->view.size()));
    real = parse_float(text->view);
  }
  if (real) {
    return Value{*real};
  }
  return call.arguments[0] != nullptr ? *call.arguments[0] : Value{0.0};
}

// To a multiple of 10^places, a tie to the even one.
Outcome<Value> round_whole(std::int64_t number, std::int64_t places) {
  if (places <= 0) {
    return Value{number};
  }
  if (places > 18) {
    return Value{std::int64_t{0}};
  }
  std::int64_t unit = 1;
  for (std::int64_t i = 0; i < places; ++i) {
    unit *= 10;
  }
  std::int64_t rest = number % unit;
  rest += rest < 0 ? unit : 0;
  LC_TRY(const Value below,
         operate(BinaryOp::subtract, Value{number}, Value{rest}, *std::make_unique<Meter>(1)));
  const bool is_odd = (*as_whole(below) / unit) % 2 != 0;
  const std::int64_t half = unit / 2;
  if (rest < half || (rest == half && !is_odd)) {
    return below;
  }
  std::int64_t above = 0;
  if (__builtin_add_overflow(*as_whole(below), unit, &above)) {
    return fault("the rounded number is beyond 64 bits");
  }
  return Value{above};
}

Outcome<Value> round_away(const Value& number, std::int64_t precision, bool is_ceil, Meter& meter) {
  LC_TRY(const Value scale,
         operate(BinaryOp::power, Value{std::int64_t{10}}, Value{precision}, meter));
  LC_TRY(const Value scaled, operate(BinaryOp::multiply, number, scale, meter));
  Value whole = scaled;
  if (!as_whole(scaled)) {
    const double real = *as_real(scaled);
    LC_TRY(whole, whole_of(is_ceil ? std::ceil(real) : std::floor(real)));
  }
  return operate(BinaryOp::divide, whole, scale, meter);
}

Outcome<Value> round(const Call& call) {
  if (const auto* undefined = as_undefined(call.input)) {
    return undefined_fault(*undefined);
  }
  constexpr std::int64_t kPrecisionMax = 300;
  LC_TRY(const std::int64_t precision, whole_argument(call.arguments[0], 0));
  LC_TRY(const Text method, text_argument(call.arguments[1], "common", call.meter));
  if (method.view != "common" && method.view != "ceil" && method.view != "floor") {
    return fault("the method must be common, ceil or floor");
  }
  const auto real = as_real(call.input);
  if (!real) {
    return fault("needs a number, not a value of type " + std::string(kind_name(call.input)));
  }
  if (precision > kPrecisionMax || precision < -kPrecisionMax) {
    return fault("the precision must be -300 to 300");
  }
  if (method.view != "common") {
    return round_away(call.input, precision, method.view == "ceil", call.meter);
  }
  if (const auto whole = as_whole(call.input)) {
    return round_whole(*whole, -precision);
  }
  if (!std::isfinite(*real)) {
    return call.input;
  }
  if (precision < 0) {
    return fault("a negative precision for a float is not supported");
  }
  return Value{round_to(*real, static_cast<int>(precision))};
}

Outcome<Value> absolute(const Call& call) {
  if (const auto real = as_real(call.input)) {
    if (const auto whole = as_whole(call.input)) {
      return *whole < 0 ? negate(call.input) : Outcome<Value>(Value{*whole});
    }
    return Value{std::fabs(*real)};
  }
  return negate(call.input);  // gives the fault
}

constexpr Filter kFilters[] = {
    {{"int", {"default", "base"}}, to_int},
    {{"float", {"default"}}, to_float},
    {{"round", {"precision", "method"}}, round},
    {{"abs"}, absolute},
};

}  // namespace

std::span<const Filter> number_filters() {
  return kFilters;
}

}  // namespace lc::templates
