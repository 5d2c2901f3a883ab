#include <algorithm>
#include <charconv>

#include "proto/template/number_text.h"
#include "proto/template/parser.h"
#include "proto/template/registry.h"

namespace lc::templates {
namespace {

constexpr std::string_view kKeywords[] = {"and", "or", "not", "if", "else", "in", "is"};
constexpr std::string_view kLoopFields[] = {
    "index", "index0", "first", "last", "length", "revindex", "revindex0", "previtem", "nextitem"};

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::unexpected<Fault> unsupported(const std::string& what, Place place) {
  return fault(what + " is not supported; " + std::string(kSeeReadme), place);
}

}  // namespace

Outcome<ExpressionPtr> ExpressionParser::primary() {
  const Token& token = tokens_.current();
  if (token.kind == TokenKind::name) {
    return name();
  }
  if (token.kind == TokenKind::string) {
    return string();
  }
  if (token.kind == TokenKind::integer) {
    return whole();
  }
  if (token.kind == TokenKind::real) {
    auto constant = make(ExpressionKind::constant, token);
    constant->value = Value{parse_float(token.text).value_or(0)};
    tokens_.next();
    return constant;
  }
  if (tokens_.is_symbol("(")) {
    return bracketed();
  }
  if (tokens_.is_symbol("[")) {
    return list();
  }
  if (tokens_.is_symbol("{")) {
    return mapping();
  }
  return tokens_.unexpected_token("an expression");
}

std::vector<FreeName> ExpressionParser::free_names() const {
  std::vector<FreeName> names;
  for (const auto& [name, place] : names_) {
    names.push_back({name, place});
  }
  return names;
}

Outcome<ExpressionPtr> ExpressionParser::name() {
  const Token token = tokens_.current();
  if (is_one_of(token.text, kKeywords)) {
    return tokens_.unexpected_token("an expression");
  }
  tokens_.next();
  auto constant = make(ExpressionKind::constant, token);
  if (token.text == "true" || token.text == "True") {
    constant->value = Value{true};
    return constant;
  }
  if (token.text == "false" || token.text == "False") {
    constant->value = Value{false};
    return constant;
  }
  if (token.text == "none" || token.text == "None") {
    return constant;
  }
  if (token.text == "loop" && loops > 0) {
    return loop_field(token);
  }
  if (token.text == "range" && tokens_.is_symbol("(")) {
    auto range = make(ExpressionKind::range_call, token);
    LC_TRY(range->arguments, arguments());
    const std::size_t count = range->arguments.positional.size();
    if (!range->arguments.named.empty() || count < 1 || count > 3) {
      return fault("'range' takes one to three numbers", token.place);
    }
    return finish(std::move(range));
  }
  auto variable = make(ExpressionKind::name, token);
  variable->text = token.text;
  variable->source = token.text;
  const bool is_local = std::any_of(scopes_.begin(), scopes_.end(), [&token](const auto& scope) {
    return scope.contains(token.text);
  });
  if (!is_local) {
    names_.emplace(token.text, token.place);
  }
  return variable;
}

Outcome<ExpressionPtr> ExpressionParser::loop_field(const Token& start) {
  auto field = make(ExpressionKind::loop_field, start);
  const Token& after = tokens_.ahead();
  if (!tokens_.is_symbol(".") || !is_one_of(after.text, kLoopFields)) {
    const std::string what = tokens_.is_symbol(".") ? "'loop." + after.text + "'" : "'loop' alone";
    return unsupported(what, start.place);
  }
  tokens_.next();
  field->text = tokens_.current().text;
  tokens_.next();
  field->source = tokens_.since(field->begin);
  return field;
}

Outcome<ExpressionPtr> ExpressionParser::string() {
  auto constant = make(ExpressionKind::constant, tokens_.current());
  while (tokens_.current().kind == TokenKind::string) {
    constant->text += tokens_.current().text;
    tokens_.next();
  }
  constant->value = make_borrowed_text(constant->text);
  return constant;
}

Outcome<ExpressionPtr> ExpressionParser::whole() {
  auto constant = make(ExpressionKind::constant, tokens_.current());
  std::string digits = tokens_.current().text;
  std::erase(digits, '_');
  int base = 10;
  if (digits.size() > 2 && digits[0] == '0') {
    const char letter = static_cast<char>(digits[1] | 0x20);
    base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 10;
    digits.erase(0, base == 10 ? 0 : 2);
  }
  std::int64_t number = 0;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), number, base).ec !=
      std::errc{}) {
    return fault("the whole number " + tokens_.current().text + " is beyond 64 bits",
                 constant->place);
  }
  constant->value = Value{number};
  tokens_.next();
  return constant;
}

Outcome<ExpressionPtr> ExpressionParser::bracketed() {
  const Token start = tokens_.current();
  tokens_.next();
  if (tokens_.skip_symbol(")")) {
    return make(ExpressionKind::tuple, start);
  }
  LC_TRY(ExpressionPtr inner, tuple());
  LC_TRY_STATUS(tokens_.expect_symbol(")"));
  return inner;
}

Outcome<ExpressionPtr> ExpressionParser::list() {
  auto items = make(ExpressionKind::list, tokens_.current());
  tokens_.next();
  while (!tokens_.is_symbol("]")) {
    if (!items->operands.empty()) {
      LC_TRY_STATUS(tokens_.expect_symbol(","));
      if (tokens_.is_symbol("]")) {
        break;
      }
    }
    LC_TRY(ExpressionPtr item, expression());
    items->operands.push_back(std::move(item));
  }
  tokens_.next();
  return finish(std::move(items));
}

Outcome<ExpressionPtr> ExpressionParser::mapping() {
  auto members = make(ExpressionKind::mapping, tokens_.current());
  tokens_.next();
  while (!tokens_.is_symbol("}")) {
    if (!members->operands.empty()) {
      LC_TRY_STATUS(tokens_.expect_symbol(","));
      if (tokens_.is_symbol("}")) {
        break;
      }
    }
    LC_TRY(ExpressionPtr key, expression());
    LC_TRY_STATUS(tokens_.expect_symbol(":"));
    LC_TRY(ExpressionPtr value, expression());
    members->operands.push_back(std::move(key));
    members->operands.push_back(std::move(value));
  }
  tokens_.next();
  return finish(std::move(members));
}

Outcome<ExpressionPtr> ExpressionParser::postfixed() {
  LC_TRY(ExpressionPtr inner, primary());
  return postfix(std::move(inner));
}

Outcome<ExpressionPtr> ExpressionParser::postfix(ExpressionPtr inner) {
  while (true) {
    if (tokens_.is_symbol(".")) {
      LC_TRY(inner, dot(std::move(inner)));
    } else if (tokens_.is_symbol("[")) {
      LC_TRY(inner, subscript(std::move(inner)));
    } else if (tokens_.is_symbol("(")) {
      LC_TRY(inner, call(std::move(inner)));
    } else {
      return inner;
    }
  }
}

Outcome<ExpressionPtr> ExpressionParser::dot(ExpressionPtr inner) {
  const std::size_t begin = inner->begin;
  tokens_.next();
  const Token token = tokens_.current();
  if (token.kind == TokenKind::integer) {
    auto item = make(ExpressionKind::item, token);
    item->begin = begin;
    LC_TRY(ExpressionPtr index, whole());
    item->source = tokens_.since(begin);
    item->operands.push_back(std::move(inner));
    item->operands.push_back(std::move(index));
    return finish(std::move(item));
  }
  if (token.kind != TokenKind::name) {
    return tokens_.unexpected_token("a name or number");
  }
  if (token.text.starts_with("__")) {
    return unsupported("'." + token.text + "'", token.place);
  }
  tokens_.next();
  auto attribute = make(ExpressionKind::attribute, token);
  attribute->begin = begin;
  attribute->text = token.text;
  attribute->source = tokens_.since(begin);
  attribute->operands.push_back(std::move(inner));
  return finish(std::move(attribute));
}

Outcome<ExpressionPtr> ExpressionParser::subscript(ExpressionPtr inner) {
  auto item = make(ExpressionKind::item, tokens_.current());
  item->begin = inner->begin;
  item->operands.push_back(std::move(inner));
  tokens_.next();
  bool is_slice = false;
  for (int part = 0; part < 3; ++part) {
    ExpressionPtr bound;
    if (!tokens_.is_symbol(":") && (part == 0 || !tokens_.is_symbol("]"))) {
      LC_TRY(bound, expression());
    }
    item->operands.push_back(std::move(bound));
    if (part == 2 || !tokens_.is_symbol(":")) {
      break;
    }
    tokens_.next();
    is_slice = true;
  }
  if (tokens_.is_symbol(",")) {
    return unsupported("a tuple as a subscript", tokens_.current().place);
  }
  LC_TRY_STATUS(tokens_.expect_symbol("]"));
  if (is_slice) {
    item->kind = ExpressionKind::slice;
    item->operands.resize(4);
  }
  item->source = tokens_.since(item->begin);
  return finish(std::move(item));
}

Outcome<ExpressionPtr> ExpressionParser::call(ExpressionPtr callee) {
  const Place place = callee->place;
  if (callee->kind != ExpressionKind::attribute) {
    const std::string what = callee->source.empty() ? "this" : "'" + callee->source + "'";
    return unsupported("calling " + what, place);
  }
  const Method* method = find_method(callee->text);
  if (method == nullptr) {
    return unsupported("the method '." + callee->text + "()'", place);
  }
  callee->kind = ExpressionKind::method_call;
  LC_TRY(callee->arguments, arguments());
  std::vector<std::string_view> named;
  for (const NamedArgument& argument : callee->arguments.named) {
    named.push_back(argument.name);
  }
  if (auto fits = check_call(method->signature, callee->arguments.positional.size(), named);
      !fits) {
    return fault(fits.error().message, place);
  }
  return finish(std::move(callee));
}

}  // namespace lc::templates
