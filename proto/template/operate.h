#pragma once

#include <compare>
#include <string_view>

#include "proto/template/value.h"

namespace lc::templates {

enum class BinaryOp { add, subtract, multiply, divide, floor_divide, modulo, power };
enum class CompareOp { equal, unequal, less, less_equal, greater, greater_equal, in, not_in };

std::string_view to_string(BinaryOp op);
std::string_view to_string(CompareOp op);

/// Python's arithmetic on 64-bit whole numbers, floats, strings and lists.
///
/// Faults: types that do not fit, division by zero, a whole number beyond 64 bits.
Outcome<Value> operate(BinaryOp op, const Value& left, const Value& right, Meter& meter);
Outcome<Value> negate(const Value& value);

/// Python's `==`. Faults: undefined.
Outcome<bool> equals(const Value& left, const Value& right, Meter& meter);

/// Python's order of numbers, strings, lists, tuples. Faults: types without an order.
Outcome<std::partial_ordering> order(const Value& left, const Value& right, Meter& meter);

Outcome<bool> compare(CompareOp op, const Value& left, const Value& right, Meter& meter);

}  // namespace lc::templates
