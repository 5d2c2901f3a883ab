#include <algorithm>

#include "proto/template/evaluator.h"
#include "proto/template/print.h"
#include "proto/template/slice.h"

namespace lc::templates {
namespace {

// Jinja has these names without variables; here they would seem undefined.
bool is_jinja_global(std::string_view name) {
  constexpr std::string_view kNames[] = {"range",     "dict", "lipsum", "cycler", "joiner",
                                         "namespace", "self", "caller", "super"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

}  // namespace

Outcome<Value> Evaluator::evaluate(const Expression& expression) {
  LC_TRY_STATUS(meter_.charge(1));
  return located(evaluate_kind(expression), expression.place);
}

Outcome<Value> Evaluator::evaluate_kind(const Expression& expression) {
  switch (expression.kind) {
    case ExpressionKind::constant:
      return expression.value;
    case ExpressionKind::name:
      return evaluate_name(expression);
    case ExpressionKind::loop_field:
      return evaluate_loop_field(expression);
    case ExpressionKind::list:
      return evaluate_items(expression, SequenceKind::list);
    case ExpressionKind::tuple:
      return evaluate_items(expression, SequenceKind::tuple);
    case ExpressionKind::mapping:
      return evaluate_mapping(expression);
    case ExpressionKind::attribute:
      return evaluate_attribute(expression);
    case ExpressionKind::item: {
      LC_TRY(const Value input, evaluate(*expression.operands[0]));
      LC_TRY(const Value key, evaluate(*expression.operands[1]));
      return lookup(input, key, Undefined{expression.source, expression.place});
    }
    case ExpressionKind::slice:
      return evaluate_slice(expression);
    case ExpressionKind::method_call:
      return evaluate_method(expression);
    case ExpressionKind::range_call:
      return evaluate_range(expression);
    case ExpressionKind::filter:
      return evaluate_filter(expression);
    case ExpressionKind::test:
      return evaluate_test(expression);
    case ExpressionKind::negate:
    case ExpressionKind::plus: {
      LC_TRY(const Value value, evaluate(*expression.operands[0]));
      LC_TRY(Value negated, negate(value));
      return expression.kind == ExpressionKind::negate ? Outcome<Value>(std::move(negated))
                                                       : negate(negated);
    }
    case ExpressionKind::binary: {
      LC_TRY(const Value left, evaluate(*expression.operands[0]));
      LC_TRY(const Value right, evaluate(*expression.operands[1]));
      return operate(expression.binary_op, left, right, meter_);
    }
    case ExpressionKind::compare:
      return evaluate_compare(expression);
    case ExpressionKind::concat:
      return evaluate_concat(expression);
    case ExpressionKind::logical_not: {
      LC_TRY(const Value value, evaluate(*expression.operands[0]));
      LC_TRY(const bool is_true, truth(value));
      return Value{!is_true};
    }
    case ExpressionKind::logical_and:
    case ExpressionKind::logical_or:
      return evaluate_logical(expression);
    case ExpressionKind::condition:
      return evaluate_condition(expression);
  }
  return Value{};
}

Outcome<Value> Evaluator::evaluate_name(const Expression& expression) {
  for (std::size_t i = locals_.size(); i > 0; --i) {
    if (locals_[i - 1].first == expression.text) {
      return locals_[i - 1].second;
    }
  }
  for (const auto& [name, value] : variables_.get_ref<const Document::object_t&>()) {
    if (name == expression.text) {
      return borrow(value);
    }
  }
  if (is_jinja_global(expression.text)) {
    return fault("'" + expression.text + "' is not supported; see worker/crew/README.md");
  }
  return Value{Undefined{expression.source, expression.place}};
}

Outcome<Value> Evaluator::evaluate_loop_field(const Expression& expression) {
  const Loop& loop = loops_.back();
  const auto index = static_cast<std::int64_t>(loop.index);
  const auto length = static_cast<std::int64_t>(loop.items.size());
  const std::string_view field = expression.text;
  if (field == "index") {
    return Value{index + 1};
  }
  if (field == "index0") {
    return Value{index};
  }
  if (field == "first") {
    return Value{index == 0};
  }
  if (field == "last") {
    return Value{index + 1 == length};
  }
  if (field == "length") {
    return Value{length};
  }
  if (field == "revindex") {
    return Value{length - index};
  }
  if (field == "revindex0") {
    return Value{length - index - 1};
  }
  const std::size_t other = field == "previtem" ? loop.index - 1 : loop.index + 1;
  if (other >= loop.items.size()) {  // also below the first
    return Value{Undefined{expression.source, expression.place}};
  }
  return loop.items[other];
}

Outcome<Value> Evaluator::evaluate_items(const Expression& expression, SequenceKind kind) {
  std::vector<Value> items;
  items.reserve(expression.operands.size());
  for (const ExpressionPtr& operand : expression.operands) {
    LC_TRY(Value item, evaluate(*operand));
    items.push_back(std::move(item));
  }
  return make_sequence(kind, std::move(items));
}

Outcome<Value> Evaluator::evaluate_mapping(const Expression& expression) {
  std::vector<Member> members;
  for (std::size_t i = 0; i < expression.operands.size(); i += 2) {
    LC_TRY(const Value key, evaluate(*expression.operands[i]));
    if (const auto* undefined = as_undefined(key)) {
      return undefined_fault(*undefined);
    }
    const Text* text = as_text(key);
    if (text == nullptr) {
      return fault("a key of a mapping must be a string here, not a value of type " +
                       std::string(kind_name(key)),
                   expression.operands[i]->place);
    }
    LC_TRY(Value value, evaluate(*expression.operands[i + 1]));
    members.emplace_back(*text, std::move(value));
  }
  return make_mapping(std::move(members));
}

Outcome<Value> Evaluator::evaluate_attribute(const Expression& expression) {
  LC_TRY(const Value input, evaluate(*expression.operands[0]));
  const std::string& name = expression.text;
  if (!as_undefined(input) && has_python_attribute(input, name)) {
    return fault("'" + name + "' is a method of a " + std::string(kind_name(input)) +
                 ": for the key write ['" + name + "']");
  }
  return lookup(input, make_borrowed_text(name), Undefined{expression.source, expression.place});
}

Outcome<Value> Evaluator::evaluate_slice(const Expression& expression) {
  LC_TRY(const Value input, evaluate(*expression.operands[0]));
  SliceBounds bounds;
  for (std::size_t i = 1; i < 4; ++i) {
    const ExpressionPtr& operand = expression.operands[i];
    if (!operand) {
      continue;
    }
    LC_TRY(const Value bound, evaluate(*operand));
    if (const auto* undefined = as_undefined(bound)) {
      return undefined_fault(*undefined);
    }
    const auto whole = as_whole(bound);
    if (!whole && !is_none(bound)) {
      return fault(
          "a slice needs whole numbers, not a value of type " + std::string(kind_name(bound)),
          operand->place);
    }
    bounds[i - 1] = whole;
  }
  return take_slice(input, bounds, meter_);
}

Outcome<Value> Evaluator::evaluate_range(const Expression& expression) {
  std::vector<std::int64_t> numbers;
  for (const ExpressionPtr& argument : expression.arguments.positional) {
    LC_TRY(const Value value, evaluate(*argument));
    if (const auto* undefined = as_undefined(value)) {
      return undefined_fault(*undefined);
    }
    const auto whole = as_whole(value);
    if (!whole) {
      return fault("'range' needs whole numbers, not a value of type " +
                   std::string(kind_name(value)));
    }
    numbers.push_back(*whole);
  }
  return make_range(numbers, meter_);
}

Outcome<CallArguments> Evaluator::evaluate_arguments(const Arguments& arguments) {
  CallArguments call;
  call.positional.reserve(arguments.positional.size());
  for (const ExpressionPtr& argument : arguments.positional) {
    LC_TRY(Value value, evaluate(*argument));
    call.positional.push_back(std::move(value));
  }
  for (const NamedArgument& argument : arguments.named) {
    LC_TRY(Value value, evaluate(*argument.value));
    call.named.push_back({argument.name, std::move(value)});
  }
  return call;
}

Outcome<Value> Evaluator::evaluate_filter(const Expression& expression) {
  LC_TRY(const Value input, evaluate(*expression.operands[0]));
  LC_TRY(const CallArguments arguments, evaluate_arguments(expression.arguments));
  return apply_filter(*find_filter(expression.text), input, arguments, meter_, expression.place);
}

Outcome<Value> Evaluator::evaluate_test(const Expression& expression) {
  LC_TRY(const Value input, evaluate(*expression.operands[0]));
  LC_TRY(const CallArguments arguments, evaluate_arguments(expression.arguments));
  LC_TRY(const bool answer,
         apply_test(*find_test(expression.text), input, arguments, meter_, expression.place));
  return Value{answer};
}

Outcome<Value> Evaluator::evaluate_method(const Expression& expression) {
  LC_TRY(const Value input, evaluate(*expression.operands[0]));
  LC_TRY(const CallArguments arguments, evaluate_arguments(expression.arguments));
  return apply_method(*find_method(expression.text), input, arguments, meter_, expression.place);
}

Outcome<Value> Evaluator::evaluate_compare(const Expression& expression) {
  LC_TRY(Value left, evaluate(*expression.operands[0]));
  for (std::size_t i = 0; i < expression.compare_ops.size(); ++i) {
    LC_TRY(Value right, evaluate(*expression.operands[i + 1]));
    LC_TRY(const bool holds, compare(expression.compare_ops[i], left, right, meter_));
    if (!holds) {
      return Value{false};
    }
    left = std::move(right);
  }
  return Value{true};
}

Outcome<Value> Evaluator::evaluate_concat(const Expression& expression) {
  std::string out;
  for (const ExpressionPtr& operand : expression.operands) {
    LC_TRY(const Value value, evaluate(*operand));
    LC_TRY_STATUS(append_text(out, value, meter_));
  }
  return make_text(std::move(out));
}

Outcome<Value> Evaluator::evaluate_logical(const Expression& expression) {
  const bool stops_at = expression.kind == ExpressionKind::logical_or;
  Value value;
  for (std::size_t i = 0; i < expression.operands.size(); ++i) {
    LC_TRY(value, evaluate(*expression.operands[i]));
    if (i + 1 == expression.operands.size()) {
      break;
    }
    LC_TRY(const bool is_true, truth(value));
    if (is_true == stops_at) {
      break;
    }
  }
  return value;
}

Outcome<Value> Evaluator::evaluate_condition(const Expression& expression) {
  LC_TRY(const Value test, evaluate(*expression.operands[0]));
  LC_TRY(const bool is_true, truth(test));
  if (is_true) {
    return evaluate(*expression.operands[1]);
  }
  if (expression.operands[2]) {
    return evaluate(*expression.operands[2]);
  }
  return Value{Undefined{expression.source, expression.place, true}};
}

}  // namespace lc::templates
