#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/template/ast.h"
#include "proto/template/registry.h"
#include "proto/template/value.h"

namespace lc::templates {

/// Where rendered text goes: as it is for templates, guarded for patches.
class Output {
 public:
  virtual ~Output() = default;
  /// Text that the template's author wrote.
  virtual Outcome<void> text(std::string_view text) = 0;
  /// A value that `{{ }}` inserts.
  virtual Outcome<void> value(const Value& value, Meter& meter) = 0;
};

/// Runs one program over one set of variables, once.
class Evaluator {
 public:
  /// `variables` is an object; both outlive the evaluator and its values.
  Evaluator(const Document& variables, Meter& meter) : variables_(variables), meter_(meter) {}

  Outcome<void> run(const Block& block, Output& output);
  Outcome<Value> evaluate(const Expression& expression);

  /// Gives `name` a value that goes before the variables'.
  void define(std::string_view name, Value value);

 private:
  struct Loop {
    const std::vector<Value>& items;
    std::size_t index = 0;
  };

  Outcome<void> run_one(const Statement& statement, Output& output);
  Outcome<void> run_conditional(const Statement& statement, Output& output);
  Outcome<void> run_loop(const Statement& statement, Output& output);
  Outcome<std::vector<Value>> loop_items(const Statement& statement);
  Outcome<void> assign(const Target& target, const Value& value);

  Outcome<Value> evaluate_kind(const Expression& expression);
  Outcome<Value> evaluate_name(const Expression& expression);
  Outcome<Value> evaluate_loop_field(const Expression& expression);
  Outcome<Value> evaluate_items(const Expression& expression, SequenceKind kind);
  Outcome<Value> evaluate_mapping(const Expression& expression);
  Outcome<Value> evaluate_attribute(const Expression& expression);
  Outcome<Value> evaluate_slice(const Expression& expression);
  Outcome<Value> evaluate_range(const Expression& expression);
  Outcome<Value> evaluate_filter(const Expression& expression);
  Outcome<Value> evaluate_test(const Expression& expression);
  Outcome<Value> evaluate_method(const Expression& expression);
  Outcome<Value> evaluate_compare(const Expression& expression);
  Outcome<Value> evaluate_concat(const Expression& expression);
  Outcome<Value> evaluate_logical(const Expression& expression);
  Outcome<Value> evaluate_condition(const Expression& expression);
  Outcome<CallArguments> evaluate_arguments(const Arguments& arguments);

  const Document& variables_;
  Meter& meter_;
  std::vector<std::pair<std::string_view, Value>> locals_;
  std::size_t scope_begin_ = 0;  // locals from here on belong to the innermost scope
  std::vector<Loop> loops_;
};

}  // namespace lc::templates
