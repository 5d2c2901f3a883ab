#include <algorithm>

#include "proto/template/parser.h"
#include "proto/template/registry.h"
#include "proto/template/template.h"

namespace lc::templates {
namespace {

constexpr int kDepthMax = kTemplateDepthMax;

std::optional<CompareOp> compare_op(const Token& token) {
  constexpr std::string_view kTexts[] = {"==", "!=", "<", "<=", ">", ">="};
  for (std::size_t i = 0; i < std::size(kTexts); ++i) {
    if (token.kind == TokenKind::symbol && token.text == kTexts[i]) {
      return static_cast<CompareOp>(i);
    }
  }
  return std::nullopt;
}

std::unexpected<Fault> too_deep(Place place) {
  return fault("nested more than " + std::to_string(kDepthMax) + " deep", place);
}

}  // namespace

Outcome<void> ExpressionParser::enter() {
  if (++nesting_ > kDepthMax) {
    return too_deep(tokens_.current().place);
  }
  return {};
}

ExpressionPtr ExpressionParser::make(ExpressionKind kind, const Token& start) const {
  auto expression = std::make_unique<Expression>();
  expression->kind = kind;
  expression->place = start.place;
  expression->begin = start.begin;
  return expression;
}

Outcome<ExpressionPtr> ExpressionParser::finish(ExpressionPtr expression) const {
  int depth = 0;
  for (const ExpressionPtr& operand : expression->operands) {
    depth = std::max(depth, operand ? operand->depth : 0);
  }
  for (const ExpressionPtr& argument : expression->arguments.positional) {
    depth = std::max(depth, argument->depth);
  }
  for (const NamedArgument& argument : expression->arguments.named) {
    depth = std::max(depth, argument.value->depth);
  }
  expression->depth = depth + 1;
  if (expression->depth > kDepthMax) {
    return too_deep(expression->place);
  }
  return expression;
}

Outcome<ExpressionPtr> ExpressionParser::expression(Condition condition) {
  LC_TRY_STATUS(enter());
  LC_TRY(ExpressionPtr left, logical_or());
  while (condition == Condition::allowed && tokens_.is_name("if")) {
    auto choice = make(ExpressionKind::condition, tokens_.current());
    tokens_.next();
    LC_TRY(ExpressionPtr test, logical_or());
    ExpressionPtr otherwise;
    if (tokens_.skip_name("else")) {
      LC_TRY(otherwise, expression());
    }
    choice->operands.push_back(std::move(test));
    choice->operands.push_back(std::move(left));
    choice->operands.push_back(std::move(otherwise));
    choice->source = tokens_.since(choice->begin);
    LC_TRY(left, finish(std::move(choice)));
  }
  leave();
  return left;
}

Outcome<ExpressionPtr> ExpressionParser::tuple(Condition condition) {
  const Token start = tokens_.current();
  LC_TRY(ExpressionPtr first, expression(condition));
  if (!tokens_.is_symbol(",")) {
    return first;
  }
  auto items = make(ExpressionKind::tuple, start);
  items->operands.push_back(std::move(first));
  while (tokens_.skip_symbol(",")) {
    const TokenKind kind = tokens_.current().kind;
    if (kind == TokenKind::output_end || kind == TokenKind::tag_end || kind == TokenKind::end ||
        tokens_.is_symbol(")")) {
      break;
    }
    LC_TRY(ExpressionPtr item, expression(condition));
    items->operands.push_back(std::move(item));
  }
  return finish(std::move(items));
}

Outcome<ExpressionPtr> ExpressionParser::chain(
    ExpressionKind kind, std::string_view word,
    Outcome<ExpressionPtr> (ExpressionParser::*operand)()) {
  const Token start = tokens_.current();
  LC_TRY(ExpressionPtr first, (this->*operand)());
  const auto at_word = [this, word] { return tokens_.is_name(word) || tokens_.is_symbol(word); };
  if (!at_word()) {
    return first;
  }
  auto all = make(kind, start);
  all->operands.push_back(std::move(first));
  while (at_word()) {
    tokens_.next();
    LC_TRY(ExpressionPtr item, (this->*operand)());
    all->operands.push_back(std::move(item));
  }
  return finish(std::move(all));
}

Outcome<ExpressionPtr> ExpressionParser::logical_or() {
  return chain(ExpressionKind::logical_or, "or", &ExpressionParser::logical_and);
}

Outcome<ExpressionPtr> ExpressionParser::logical_and() {
  return chain(ExpressionKind::logical_and, "and", &ExpressionParser::logical_not);
}

Outcome<ExpressionPtr> ExpressionParser::logical_not() {
  if (!tokens_.is_name("not")) {
    return comparison();
  }
  LC_TRY_STATUS(enter());
  auto negation = make(ExpressionKind::logical_not, tokens_.current());
  tokens_.next();
  LC_TRY(ExpressionPtr inner, logical_not());
  leave();
  negation->operands.push_back(std::move(inner));
  return finish(std::move(negation));
}

Outcome<ExpressionPtr> ExpressionParser::comparison() {
  const Token start = tokens_.current();
  LC_TRY(ExpressionPtr left, sum());
  auto all = make(ExpressionKind::compare, start);
  all->operands.push_back(std::move(left));
  while (true) {
    if (const auto op = compare_op(tokens_.current())) {
      all->compare_ops.push_back(*op);
    } else if (tokens_.is_name("in")) {
      all->compare_ops.push_back(CompareOp::in);
    } else if (tokens_.is_name("not") && tokens_.ahead().kind == TokenKind::name &&
               tokens_.ahead().text == "in") {
      all->compare_ops.push_back(CompareOp::not_in);
      tokens_.next();
    } else {
      break;
    }
    tokens_.next();
    LC_TRY(ExpressionPtr right, sum());
    all->operands.push_back(std::move(right));
  }
  if (all->compare_ops.empty()) {
    return std::move(all->operands.front());
  }
  return finish(std::move(all));
}

Outcome<ExpressionPtr> ExpressionParser::sum() {
  LC_TRY(ExpressionPtr left, concatenation());
  while (tokens_.is_symbol("+") || tokens_.is_symbol("-")) {
    auto both = make(ExpressionKind::binary, tokens_.current());
    both->binary_op = tokens_.is_symbol("+") ? BinaryOp::add : BinaryOp::subtract;
    tokens_.next();
    LC_TRY(ExpressionPtr right, concatenation());
    both->operands.push_back(std::move(left));
    both->operands.push_back(std::move(right));
    LC_TRY(left, finish(std::move(both)));
  }
  return left;
}

Outcome<ExpressionPtr> ExpressionParser::concatenation() {
  return chain(ExpressionKind::concat, "~", &ExpressionParser::product);
}

Outcome<ExpressionPtr> ExpressionParser::product() {
  LC_TRY(ExpressionPtr left, power());
  while (true) {
    auto both = make(ExpressionKind::binary, tokens_.current());
    if (tokens_.is_symbol("*")) {
      both->binary_op = BinaryOp::multiply;
    } else if (tokens_.is_symbol("/")) {
      both->binary_op = BinaryOp::divide;
    } else if (tokens_.is_symbol("//")) {
      both->binary_op = BinaryOp::floor_divide;
    } else if (tokens_.is_symbol("%")) {
      both->binary_op = BinaryOp::modulo;
    } else {
      return left;
    }
    tokens_.next();
    LC_TRY(ExpressionPtr right, power());
    both->operands.push_back(std::move(left));
    both->operands.push_back(std::move(right));
    LC_TRY(left, finish(std::move(both)));
  }
}

// Jinja's powers group from the left, unlike Python's.
Outcome<ExpressionPtr> ExpressionParser::power() {
  LC_TRY(ExpressionPtr left, unary(Filters::allowed));
  while (tokens_.is_symbol("**")) {
    auto both = make(ExpressionKind::binary, tokens_.current());
    both->binary_op = BinaryOp::power;
    tokens_.next();
    LC_TRY(ExpressionPtr right, unary(Filters::allowed));
    both->operands.push_back(std::move(left));
    both->operands.push_back(std::move(right));
    LC_TRY(left, finish(std::move(both)));
  }
  return left;
}

Outcome<ExpressionPtr> ExpressionParser::unary(Filters with_filters) {
  LC_TRY_STATUS(enter());
  ExpressionPtr inner;
  if (tokens_.is_symbol("-") || tokens_.is_symbol("+")) {
    inner = make(tokens_.is_symbol("-") ? ExpressionKind::negate : ExpressionKind::plus,
                 tokens_.current());
    tokens_.next();
    LC_TRY(ExpressionPtr operand, unary(Filters::excluded));
    inner->operands.push_back(std::move(operand));
    LC_TRY(inner, finish(std::move(inner)));
  } else {
    LC_TRY(inner, primary());
  }
  LC_TRY(inner, postfix(std::move(inner)));
  if (with_filters == Filters::allowed) {
    LC_TRY(inner, filters(std::move(inner)));
  }
  leave();
  return inner;
}

Outcome<Target> ExpressionParser::simple_target() {
  const Token token = tokens_.current();
  Target target;
  target.place = token.place;
  if (tokens_.skip_symbol("(")) {
    LC_TRY_STATUS(enter());
    LC_TRY(target, this->target());
    leave();
    LC_TRY_STATUS(tokens_.expect_symbol(")"));
    return target;
  }
  constexpr std::string_view kReserved[] = {"true", "false", "none", "True", "False",
                                            "None", "and",   "or",   "not",  "if",
                                            "else", "in",    "is",   "loop"};
  if (token.kind != TokenKind::name) {
    return tokens_.unexpected_token("a name");
  }
  if (std::find(std::begin(kReserved), std::end(kReserved), token.text) != std::end(kReserved)) {
    return fault("cannot assign to '" + token.text + "'", token.place);
  }
  tokens_.next();
  target.name = token.text;
  return target;
}

Outcome<Target> ExpressionParser::target() {
  LC_TRY(Target first, simple_target());
  if (!tokens_.is_symbol(",")) {
    return first;
  }
  Target all;
  all.place = first.place;
  all.parts.push_back(std::move(first));
  while (tokens_.skip_symbol(",")) {
    if (tokens_.is_name("in") || tokens_.is_symbol("=") || tokens_.is_symbol(")")) {
      break;
    }
    LC_TRY(Target part, simple_target());
    all.parts.push_back(std::move(part));
  }
  return all;
}

void ExpressionParser::declare(const Target& target) {
  if (!target.name.empty()) {
    scopes_.back().insert(target.name);
  }
  for (const Target& part : target.parts) {
    declare(part);
  }
}

}  // namespace lc::templates
