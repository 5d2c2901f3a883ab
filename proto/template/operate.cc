#include "proto/template/operate.h"

#include <algorithm>
#include <cmath>

namespace lc::templates {
namespace {

constexpr std::string_view kBeyond = "the whole number is beyond 64 bits";

std::unexpected<Fault> misfit(std::string_view op, const Value& left, const Value& right) {
  return fault("'" + std::string(op) + "' is not possible between " + std::string(kind_name(left)) +
               " and " + std::string(kind_name(right)));
}

std::int64_t floor_quotient(std::int64_t a, std::int64_t b) {
  const std::int64_t quotient = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

Outcome<Value> whole_power(std::int64_t base, std::int64_t exponent) {
  std::int64_t result = 1;
  while (exponent > 0) {
    if ((exponent & 1) != 0 && __builtin_mul_overflow(result, base, &result)) {
      return fault(std::string(kBeyond));
    }
    exponent >>= 1;
    if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) {
      return fault(std::string(kBeyond));
    }
  }
  return Value{result};
}

Outcome<Value> real_power(double base, double exponent) {
  if (base == 0 && exponent < 0) {
    return fault("0.0 cannot be raised to a negative power");
  }
  if (std::isfinite(base) && std::isfinite(exponent) && base < 0 &&
      exponent != std::floor(exponent)) {
    return fault("a negative number raised to a fraction is not a real number");
  }
  const double result = std::pow(base, exponent);
  if (std::isinf(result) && std::isfinite(base) && std::isfinite(exponent)) {
    return fault("the power is beyond the range of floats");
  }
  return Value{result};
}

double true_quotient(std::int64_t a, std::int64_t b) {
  constexpr std::int64_t kExact = std::int64_t{1} << 53;
  if (a > -kExact && a < kExact && b > -kExact && b < kExact) {
    return static_cast<double>(a) / static_cast<double>(b);
  }
  return static_cast<double>(static_cast<long double>(a) / static_cast<long double>(b));
}

Outcome<Value> operate_wholes(BinaryOp op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  switch (op) {
    case BinaryOp::add:
      return __builtin_add_overflow(a, b, &result) ? Outcome<Value>(fault(std::string(kBeyond)))
                                                   : Outcome<Value>(Value{result});
    case BinaryOp::subtract:
      return __builtin_sub_overflow(a, b, &result) ? Outcome<Value>(fault(std::string(kBeyond)))
                                                   : Outcome<Value>(Value{result});
    case BinaryOp::multiply:
      return __builtin_mul_overflow(a, b, &result) ? Outcome<Value>(fault(std::string(kBeyond)))
                                                   : Outcome<Value>(Value{result});
    case BinaryOp::power:
      return b >= 0 ? whole_power(a, b)
                    : real_power(static_cast<double>(a), static_cast<double>(b));
    case BinaryOp::divide:
    case BinaryOp::floor_divide:
    case BinaryOp::modulo:
      break;
  }
  if (b == 0) {
    return fault("division by zero");
  }
  if (op == BinaryOp::divide) {
    return Value{true_quotient(a, b)};
  }
  if (b == -1) {  // the one quotient that can overflow
    return op == BinaryOp::modulo ? Outcome<Value>(Value{std::int64_t{0}})
                                  : operate_wholes(BinaryOp::subtract, 0, a);
  }
  const std::int64_t quotient = floor_quotient(a, b);
  return Value{op == BinaryOp::modulo ? a - quotient * b : quotient};
}

struct Parts {
  double quotient = 0;
  double rest = 0;
};

// Python's: the rest has the divisor's sign, also when it is zero.
Parts floor_parts(double a, double b) {
  Parts parts;
  parts.rest = std::fmod(a, b);
  double quotient = (a - parts.rest) / b;
  if (parts.rest != 0) {
    if ((b < 0) != (parts.rest < 0)) {
      parts.rest += b;
      quotient -= 1;
    }
  } else {
    parts.rest = std::copysign(0.0, b);
  }
  if (quotient != 0) {
    parts.quotient = std::floor(quotient);
    if (quotient - parts.quotient > 0.5) {
      parts.quotient += 1;
    }
  } else {
    parts.quotient = std::copysign(0.0, a / b);
  }
  return parts;
}

Outcome<Value> operate_reals(BinaryOp op, double a, double b) {
  switch (op) {
    case BinaryOp::add:
      return Value{a + b};
    case BinaryOp::subtract:
      return Value{a - b};
    case BinaryOp::multiply:
      return Value{a * b};
    case BinaryOp::power:
      return real_power(a, b);
    case BinaryOp::divide:
    case BinaryOp::floor_divide:
    case BinaryOp::modulo:
      break;
  }
  if (b == 0) {
    return fault("division by zero");
  }
  if (op == BinaryOp::divide) {
    return Value{a / b};
  }
  const Parts parts = floor_parts(a, b);
  return Value{op == BinaryOp::modulo ? parts.rest : parts.quotient};
}

Outcome<Value> repeat(const Value& value, std::int64_t times, Meter& meter) {
  auto count = static_cast<std::size_t>(std::max<std::int64_t>(times, 0));
  if (const auto* text = as_text(value)) {
    if (text->view.empty()) {
      return value;
    }
    // Past any limit, and far from overflowing the product below.
    count = std::min<std::size_t>(count, std::size_t{1} << 31);
    LC_TRY_STATUS(meter.charge_bytes(text->view.size() * count));
    std::string out;
    out.reserve(text->view.size() * count);
    for (std::size_t i = 0; i < count; ++i) {
      out += text->view;
    }
    return make_text(std::move(out));
  }
  LC_TRY(const std::vector<Value> items, iterate(value, meter));
  std::vector<Value> out;
  for (std::size_t i = 0; i < count && !items.empty(); ++i) {
    LC_TRY_STATUS(meter.charge(static_cast<std::int64_t>(items.size())));
    out.insert(out.end(), items.begin(), items.end());
  }
  return make_sequence(ListView::of(value)->kind(), std::move(out));
}

bool is_repeatable(const Value& value) {
  const auto list = ListView::of(value);
  return as_text(value) != nullptr || (list && is_list_or_tuple(list->kind()));
}

Outcome<Value> join(const Value& left, const Value& right, Meter& meter) {
  const auto* a = as_text(left);
  const auto* b = as_text(right);
  if (a != nullptr && b != nullptr) {
    LC_TRY_STATUS(meter.charge_bytes(a->view.size() + b->view.size()));
    std::string out;
    out.reserve(a->view.size() + b->view.size());
    out.append(a->view).append(b->view);
    return make_text(std::move(out));
  }
  const auto first = ListView::of(left);
  const auto second = ListView::of(right);
  if (!first || !second || first->kind() != second->kind() || !is_list_or_tuple(first->kind())) {
    return misfit("+", left, right);
  }
  LC_TRY(std::vector<Value> items, iterate(left, meter));
  LC_TRY(const std::vector<Value> more, iterate(right, meter));
  items.insert(items.end(), more.begin(), more.end());
  return make_sequence(first->kind(), std::move(items));
}

}  // namespace

std::string_view to_string(BinaryOp op) {
  constexpr std::string_view kTexts[] = {"+", "-", "*", "/", "//", "%", "**"};
  return kTexts[static_cast<std::size_t>(op)];
}

Outcome<Value> operate(BinaryOp op, const Value& left, const Value& right, Meter& meter) {
  for (const Value* side : {&left, &right}) {
    if (const auto* undefined = as_undefined(*side)) {
      return undefined_fault(*undefined);
    }
  }
  const auto a = as_whole(left);
  const auto b = as_whole(right);
  if (a && b) {
    return operate_wholes(op, *a, *b);
  }
  const auto x = as_real(left);
  const auto y = as_real(right);
  if (x && y) {
    return operate_reals(op, *x, *y);
  }
  if (op == BinaryOp::multiply && (a || b) && is_repeatable(a ? right : left)) {
    return repeat(a ? right : left, a ? *a : *b, meter);
  }
  if (op == BinaryOp::modulo && as_text(left) != nullptr) {
    return fault("formatting a string with '%' is not supported: use '~'");
  }
  if (op == BinaryOp::add) {
    return join(left, right, meter);
  }
  return misfit(to_string(op), left, right);
}

Outcome<Value> negate(const Value& value) {
  if (const auto* undefined = as_undefined(value)) {
    return undefined_fault(*undefined);
  }
  if (const auto whole = as_whole(value)) {
    return operate_wholes(BinaryOp::subtract, 0, *whole);
  }
  if (const auto real = as_real(value)) {
    return Value{-*real};
  }
  return fault("'-' needs a number, not a value of type " + std::string(kind_name(value)));
}

}  // namespace lc::templates
