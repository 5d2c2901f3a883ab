#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "proto/template/ast.h"
#include "proto/template/lexer.h"

namespace lc::templates {

inline constexpr std::string_view kSeeReadme = "see worker/crew/README.md";

/// The tokens, and what every part of the grammar needs of them.
class TokenStream {
 public:
  TokenStream(std::string_view source, std::vector<Token> tokens)
      : source_(source), tokens_(std::move(tokens)) {}

  const Token& current() const { return tokens_[at_]; }
  const Token& ahead() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  void next() { at_ = std::min(at_ + 1, tokens_.size() - 1); }
  bool is_symbol(std::string_view text) const;
  bool is_name(std::string_view text) const;
  bool skip_symbol(std::string_view text);
  bool skip_name(std::string_view text);
  Outcome<void> expect_symbol(std::string_view text);
  /// The source from `begin` to the end of the last token that was taken.
  std::string since(std::size_t begin) const;
  std::unexpected<Fault> unexpected_token(std::string_view expected = {}) const;

 private:
  std::string_view source_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

/// Recursive descent with Jinja's precedences.
class ExpressionParser {
 public:
  enum class Condition { allowed, excluded };  // `a if c else b`

  explicit ExpressionParser(TokenStream& tokens) : tokens_(tokens) {}

  Outcome<ExpressionPtr> expression(Condition condition = Condition::allowed);
  /// An expression, or several with commas between them.
  Outcome<ExpressionPtr> tuple(Condition condition = Condition::allowed);
  /// A name with `.x`, `[x]` and calls behind it.
  Outcome<ExpressionPtr> postfixed();
  Outcome<Target> target();

  int loops = 0;  // around this place
  void open_scope() { scopes_.emplace_back(); }
  void close_scope() { scopes_.pop_back(); }
  void declare(const Target& target);
  std::vector<FreeName> free_names() const;

  Outcome<void> enter();
  void leave() { --nesting_; }

 private:
  Outcome<ExpressionPtr> logical_or();
  Outcome<ExpressionPtr> logical_and();
  Outcome<ExpressionPtr> logical_not();
  Outcome<ExpressionPtr> comparison();
  Outcome<ExpressionPtr> sum();
  Outcome<ExpressionPtr> concatenation();
  Outcome<ExpressionPtr> product();
  Outcome<ExpressionPtr> power();
  enum class Filters { allowed, excluded };
  Outcome<ExpressionPtr> unary(Filters filters);
  Outcome<ExpressionPtr> primary();
  Outcome<ExpressionPtr> name();
  Outcome<ExpressionPtr> string();
  Outcome<ExpressionPtr> whole();
  Outcome<ExpressionPtr> bracketed();
  Outcome<ExpressionPtr> list();
  Outcome<ExpressionPtr> mapping();
  Outcome<ExpressionPtr> postfix(ExpressionPtr inner);
  Outcome<ExpressionPtr> dot(ExpressionPtr inner);
  Outcome<ExpressionPtr> loop_field(const Token& start);
  Outcome<ExpressionPtr> subscript(ExpressionPtr inner);
  Outcome<ExpressionPtr> call(ExpressionPtr callee);
  Outcome<ExpressionPtr> filters(ExpressionPtr inner);
  Outcome<ExpressionPtr> filter(ExpressionPtr inner);
  Outcome<ExpressionPtr> test(ExpressionPtr inner);
  Outcome<Arguments> arguments();
  Outcome<Target> simple_target();

  ExpressionPtr make(ExpressionKind kind, const Token& start) const;
  Outcome<ExpressionPtr> finish(ExpressionPtr expression) const;
  Outcome<ExpressionPtr> chain(ExpressionKind kind, std::string_view word,
                               Outcome<ExpressionPtr> (ExpressionParser::*operand)());

  TokenStream& tokens_;
  int nesting_ = 0;
  std::vector<std::set<std::string, std::less<>>> scopes_ = {{}};
  std::map<std::string, Place, std::less<>> names_;  // with where each is read first
};

/// Parses a whole template; `source` is normalized.
Outcome<TemplateProgram> parse_template(std::string_view source);

}  // namespace lc::templates
