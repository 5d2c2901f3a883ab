#pragma once

#include <memory>
#include <string>
#include <vector>

#include "proto/template/operate.h"
#include "proto/template/value.h"

namespace lc::templates {

struct Expression;
struct Statement;
using ExpressionPtr = std::unique_ptr<Expression>;
using Block = std::vector<Statement>;

enum class ExpressionKind {
  constant,     // value
  name,         // text
  loop_field,   // loop.text, of the innermost loop
  list,         // operands
  tuple,        // operands
  mapping,      // operands: key, value, key, value
  attribute,    // operands[0] . text
  item,         // operands[0] [operands[1]]
  slice,        // operands[0] [operands[1]:operands[2]:operands[3]], null where left out
  method_call,  // operands[0] . text(arguments)
  range_call,   // range(arguments)
  filter,       // operands[0] | text(arguments)
  test,         // operands[0] is text(arguments)
  negate,
  plus,
  logical_not,
  binary,   // operands[0] binary_op operands[1]
  compare,  // operands[0] compare_ops[0] operands[1] compare_ops[1] operands[2] ...
  concat,
  logical_and,
  logical_or,
  condition,  // operands[1] if operands[0] else operands[2]; the last may be null
};

struct NamedArgument {
  std::string name;
  ExpressionPtr value;
};

struct Arguments {
  std::vector<ExpressionPtr> positional;
  std::vector<NamedArgument> named;
};

struct Expression {
  ExpressionKind kind = ExpressionKind::constant;
  Place place;
  int depth = 1;
  std::size_t begin = 0;  // bytes in the source
  Value value;            // text is borrowed from `text`
  std::string text;
  std::string source;  // name, attribute, item: as written, for messages
  BinaryOp binary_op = BinaryOp::add;
  std::vector<CompareOp> compare_ops;
  std::vector<ExpressionPtr> operands;
  Arguments arguments;
};

/// A name, or targets in brackets that take an item each.
struct Target {
  std::string name;
  std::vector<Target> parts;
  Place place;
};

enum class StatementKind { text, output, conditional, loop, assignment };

struct Branch {
  ExpressionPtr condition;  // null: else
  Block body;
};

struct Statement {
  StatementKind kind = StatementKind::text;
  Place place;
  std::string text;
  ExpressionPtr expression;  // output; loop: what to go through; assignment: the value
  ExpressionPtr filter;      // loop: the `if`, or null
  Target target;             // loop, assignment
  std::vector<Branch> branches;
  Block body;       // loop
  Block otherwise;  // loop
};

/// A name that is read from the variables, and where it is read first.
struct FreeName {
  std::string name;
  Place place;
};

/// A compiled template. Constants borrow from the expressions' own texts.
struct TemplateProgram {
  std::string name;
  Block body;
  std::vector<FreeName> names;  // sorted
};

}  // namespace lc::templates
