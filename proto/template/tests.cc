#include <algorithm>

#include "proto/template/operate.h"
#include "proto/template/registry.h"

namespace lc::templates {
namespace {

Outcome<bool> defined(const Call& call) {
  return as_undefined(call.input) == nullptr;
}
Outcome<bool> undefined(const Call& call) {
  return as_undefined(call.input) != nullptr;
}
Outcome<bool> none(const Call& call) {
  return is_none(call.input);
}
Outcome<bool> boolean(const Call& call) {
  return std::holds_alternative<bool>(call.input.data);
}
Outcome<bool> is_true(const Call& call) {
  const bool* value = std::get_if<bool>(&call.input.data);
  return value != nullptr && *value;
}
Outcome<bool> is_false(const Call& call) {
  const bool* value = std::get_if<bool>(&call.input.data);
  return value != nullptr && !*value;
}
Outcome<bool> integer(const Call& call) {
  return std::holds_alternative<std::int64_t>(call.input.data);
}
Outcome<bool> real(const Call& call) {
  return std::holds_alternative<double>(call.input.data);
}
Outcome<bool> number(const Call& call) {
  return as_real(call.input).has_value();
}
Outcome<bool> string(const Call& call) {
  return as_text(call.input) != nullptr;
}
Outcome<bool> mapping(const Call& call) {
  return MapView::of(call.input).has_value();
}
Outcome<bool> sequence(const Call& call) {
  const auto list = ListView::of(call.input);
  return as_text(call.input) != nullptr || MapView::of(call.input) ||
         (list && (is_list_or_tuple(list->kind()) || list->kind() == SequenceKind::range));
}
Outcome<bool> iterable(const Call& call) {
  if (const auto* missing = as_undefined(call.input)) {
    return undefined_fault(*missing);
  }
  return as_text(call.input) != nullptr || MapView::of(call.input) || ListView::of(call.input);
}

Outcome<bool> rest_is(const Call& call, const Value& divisor, std::int64_t wanted) {
  LC_TRY(const Value rest, operate(BinaryOp::modulo, call.input, divisor, call.meter));
  return equals(rest, Value{wanted}, call.meter);
}
Outcome<bool> even(const Call& call) {
  return rest_is(call, Value{std::int64_t{2}}, 0);
}
Outcome<bool> odd(const Call& call) {
  return rest_is(call, Value{std::int64_t{2}}, 1);
}
Outcome<bool> divisible_by(const Call& call) {
  return rest_is(call, *call.arguments[0], 0);
}

template <CompareOp op>
Outcome<bool> compared(const Call& call) {
  return compare(op, call.input, *call.arguments[0], call.meter);
}

constexpr Test kTests[] = {
    {{"defined"}, defined},
    {{"undefined"}, undefined},
    {{"none"}, none},
    {{"boolean"}, boolean},
    {{"true"}, is_true},
    {{"false"}, is_false},
    {{"integer"}, integer},
    {{"float"}, real},
    {{"number"}, number},
    {{"string"}, string},
    {{"mapping"}, mapping},
    {{"sequence"}, sequence},
    {{"iterable"}, iterable},
    {{"even"}, even},
    {{"odd"}, odd},
    {{"divisibleby", {"num"}, 1}, divisible_by},
    {{"in", {"seq"}, 1}, compared<CompareOp::in>},
    {{"eq", {"other"}, 1}, compared<CompareOp::equal>},
    {{"equalto", {"other"}, 1}, compared<CompareOp::equal>},
    {{"==", {"other"}, 1}, compared<CompareOp::equal>},
    {{"ne", {"other"}, 1}, compared<CompareOp::unequal>},
    {{"!=", {"other"}, 1}, compared<CompareOp::unequal>},
    {{"lt", {"other"}, 1}, compared<CompareOp::less>},
    {{"lessthan", {"other"}, 1}, compared<CompareOp::less>},
    {{"<", {"other"}, 1}, compared<CompareOp::less>},
    {{"le", {"other"}, 1}, compared<CompareOp::less_equal>},
    {{"<=", {"other"}, 1}, compared<CompareOp::less_equal>},
    {{"gt", {"other"}, 1}, compared<CompareOp::greater>},
    {{"greaterthan", {"other"}, 1}, compared<CompareOp::greater>},
    {{">", {"other"}, 1}, compared<CompareOp::greater>},
    {{"ge", {"other"}, 1}, compared<CompareOp::greater_equal>},
    {{">=", {"other"}, 1}, compared<CompareOp::greater_equal>},
};

}  // namespace

const Test* find_test(std::string_view name) {
  const auto* found = std::find_if(std::begin(kTests), std::end(kTests), [name](const Test& test) {
    return test.signature.name == name;
  });
  return found == std::end(kTests) ? nullptr : found;
}

}  // namespace lc::templates
