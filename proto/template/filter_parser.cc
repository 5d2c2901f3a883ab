#include "proto/template/parser.h"
#include "proto/template/registry.h"

namespace lc::templates {
namespace {

std::unexpected<Fault> unsupported(const std::string& what, Place place) {
  return fault(what + " is not supported; " + std::string(kSeeReadme), place);
}

Outcome<void> check_arguments(const Signature& signature, const Arguments& arguments, Place place) {
  std::vector<std::string_view> named;
  for (const NamedArgument& argument : arguments.named) {
    named.push_back(argument.name);
  }
  auto fits = check_call(signature, arguments.positional.size(), named);
  return fits ? Outcome<void>() : Outcome<void>(fault(fits.error().message, place));
}

}  // namespace

Outcome<Arguments> ExpressionParser::arguments() {
  Arguments arguments;
  LC_TRY_STATUS(tokens_.expect_symbol("("));
  while (!tokens_.is_symbol(")")) {
    if (!arguments.positional.empty() || !arguments.named.empty()) {
      LC_TRY_STATUS(tokens_.expect_symbol(","));
      if (tokens_.is_symbol(")")) {
        break;
      }
    }
    if (tokens_.is_symbol("*") || tokens_.is_symbol("**")) {
      return unsupported("'" + tokens_.current().text + "' before an argument",
                         tokens_.current().place);
    }
    const Token token = tokens_.current();
    const Token& ahead = tokens_.ahead();
    if (token.kind == TokenKind::name && ahead.kind == TokenKind::symbol && ahead.text == "=") {
      tokens_.next();
      tokens_.next();
      LC_TRY(ExpressionPtr value, expression());
      arguments.named.push_back({token.text, std::move(value)});
    } else if (!arguments.named.empty()) {
      return fault("an argument without a name follows one with a name", token.place);
    } else {
      LC_TRY(ExpressionPtr value, expression());
      arguments.positional.push_back(std::move(value));
    }
  }
  tokens_.next();
  return arguments;
}

Outcome<ExpressionPtr> ExpressionParser::filters(ExpressionPtr inner) {
  while (true) {
    if (tokens_.is_symbol("|")) {
      LC_TRY(inner, filter(std::move(inner)));
    } else if (tokens_.is_name("is")) {
      LC_TRY(inner, test(std::move(inner)));
    } else if (tokens_.is_symbol("(")) {
      LC_TRY(inner, call(std::move(inner)));
    } else {
      return inner;
    }
  }
}

Outcome<ExpressionPtr> ExpressionParser::filter(ExpressionPtr inner) {
  tokens_.next();
  const Token token = tokens_.current();
  if (token.kind != TokenKind::name) {
    return tokens_.unexpected_token("the name of a filter");
  }
  tokens_.next();
  const Filter* found = find_filter(token.text);
  if (found == nullptr || tokens_.is_symbol(".")) {
    return unsupported("the filter '" + token.text + "'", token.place);
  }
  auto node = make(ExpressionKind::filter, token);
  node->text = token.text;
  node->operands.push_back(std::move(inner));
  if (tokens_.is_symbol("(")) {
    LC_TRY(node->arguments, arguments());
  }
  if (found->open_function == nullptr) {
    LC_TRY_STATUS(check_arguments(found->signature, node->arguments, token.place));
  }
  return finish(std::move(node));
}

Outcome<ExpressionPtr> ExpressionParser::test(ExpressionPtr inner) {
  const Token start = tokens_.current();
  tokens_.next();
  const bool is_negated = tokens_.skip_name("not");
  const Token token = tokens_.current();
  if (token.kind != TokenKind::name) {
    return tokens_.unexpected_token("the name of a test");
  }
  tokens_.next();
  const Test* found = find_test(token.text);
  if (found == nullptr || tokens_.is_symbol(".")) {
    return unsupported("the test '" + token.text + "'", token.place);
  }
  auto node = make(ExpressionKind::test, token);
  node->text = token.text;
  node->operands.push_back(std::move(inner));
  const Token& next = tokens_.current();
  const bool is_word = next.kind == TokenKind::name && next.text != "else" && next.text != "or" &&
                       next.text != "and";
  if (tokens_.is_symbol("(")) {
    LC_TRY(node->arguments, arguments());
  } else if (is_word || next.kind == TokenKind::string || next.kind == TokenKind::integer ||
             next.kind == TokenKind::real || tokens_.is_symbol("[") || tokens_.is_symbol("{")) {
    LC_TRY(ExpressionPtr argument, postfixed());
    node->arguments.positional.push_back(std::move(argument));
  }
  LC_TRY_STATUS(check_arguments(found->signature, node->arguments, token.place));
  if (!is_negated) {
    return finish(std::move(node));
  }
  LC_TRY(ExpressionPtr positive, finish(std::move(node)));
  auto negation = make(ExpressionKind::logical_not, start);
  negation->operands.push_back(std::move(positive));
  return finish(std::move(negation));
}

}  // namespace lc::templates
