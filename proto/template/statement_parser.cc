#include <algorithm>
#include <span>

#include "proto/template/parser.h"
#include "proto/template/registry.h"

namespace lc::templates {
namespace {

constexpr std::string_view kOutside[] = {
    "macro", "call",       "filter", "block", "extends",  "include", "import", "from",
    "with",  "autoescape", "do",     "trans", "continue", "break",   "print",  "debug"};

class StatementParser {
 public:
  explicit StatementParser(TokenStream& tokens) : tokens_(tokens), expressions_(tokens) {}

  Outcome<TemplateProgram> run() {
    TemplateProgram program;
    LC_TRY(program.body, block({}, {}, {}));
    program.names = expressions_.free_names();
    return program;
  }

 private:
  using Words = std::span<const std::string_view>;

  // Statements up to one of the tags `ends`, which is left as the current token.
  Outcome<Block> block(std::string_view opened, Words ends, Place opened_at) {
    LC_TRY_STATUS(expressions_.enter());
    Block body;
    while (tokens_.current().kind != TokenKind::end) {
      const Token token = tokens_.current();
      tokens_.next();
      if (token.kind == TokenKind::data) {
        Statement text;
        text.place = token.place;
        text.text = token.text;
        body.push_back(std::move(text));
      } else if (token.kind == TokenKind::output_begin) {
        LC_TRY(Statement output, output_statement(token.place));
        body.push_back(std::move(output));
      } else {
        if (at_one_of(ends)) {
          expressions_.leave();
          return body;
        }
        LC_TRY(Statement statement, tag());
        body.push_back(std::move(statement));
      }
    }
    if (!ends.empty()) {
      return fault("'" + std::string(opened) + "' is not closed: '{% " + std::string(ends.back()) +
                       " %}' is missing",
                   opened_at);
    }
    expressions_.leave();
    return body;
  }

  bool at_one_of(Words words) const {
    return tokens_.current().kind == TokenKind::name &&
           std::find(words.begin(), words.end(), tokens_.current().text) != words.end();
  }

  Outcome<void> tag_end() {
    if (tokens_.current().kind != TokenKind::tag_end) {
      return tokens_.unexpected_token("'%}'");
    }
    tokens_.next();
    return {};
  }

  // Jinja allows a colon before the end of a tag that opens a block.
  Outcome<void> opening_tag_end() {
    tokens_.skip_symbol(":");
    return tag_end();
  }

  Outcome<Statement> output_statement(Place place) {
    Statement output;
    output.kind = StatementKind::output;
    output.place = place;
    LC_TRY(output.expression, expressions_.tuple());
    if (tokens_.current().kind != TokenKind::output_end) {
      return tokens_.unexpected_token("'}}'");
    }
    tokens_.next();
    return output;
  }

  Outcome<Statement> tag() {
    const Token token = tokens_.current();
    if (token.kind != TokenKind::name) {
      return tokens_.unexpected_token("the name of a tag");
    }
    tokens_.next();
    if (token.text == "if") {
      return conditional(token.place);
    }
    if (token.text == "for") {
      return loop(token.place);
    }
    if (token.text == "set") {
      return assignment(token.place);
    }
    if (std::find(std::begin(kOutside), std::end(kOutside), token.text) != std::end(kOutside)) {
      return fault("'" + token.text + "' is not supported; " + std::string(kSeeReadme),
                   token.place);
    }
    return fault("unexpected tag '" + token.text + "'", token.place);
  }

  Outcome<Statement> conditional(Place place) {
    constexpr std::string_view kEnds[] = {"elif", "else", "endif"};
    Statement statement;
    statement.kind = StatementKind::conditional;
    statement.place = place;
    std::string word = "if";
    while (word != "endif") {
      Branch branch;
      if (word != "else") {
        LC_TRY(branch.condition, expressions_.tuple(ExpressionParser::Condition::excluded));
      }
      LC_TRY_STATUS(opening_tag_end());
      // After `else` only `endif` may come.
      const Words ends = word == "else" ? Words(kEnds).last(1) : Words(kEnds);
      LC_TRY(branch.body, block("if", ends, place));
      statement.branches.push_back(std::move(branch));
      word = tokens_.current().text;
      tokens_.next();
    }
    LC_TRY_STATUS(tag_end());
    return statement;
  }

  Outcome<Statement> loop(Place place) {
    constexpr std::string_view kEnds[] = {"else", "endfor"};
    Statement statement;
    statement.kind = StatementKind::loop;
    statement.place = place;
    LC_TRY(statement.target, expressions_.target());
    if (!tokens_.skip_name("in")) {
      return tokens_.unexpected_token("'in'");
    }
    LC_TRY(statement.expression, expressions_.tuple(ExpressionParser::Condition::excluded));
    expressions_.open_scope();
    expressions_.declare(statement.target);
    if (tokens_.skip_name("if")) {
      const int loops = std::exchange(expressions_.loops, 0);
      LC_TRY(statement.filter, expressions_.expression());
      expressions_.loops = loops;
    }
    if (tokens_.is_name("recursive")) {
      return fault("'recursive' is not supported; " + std::string(kSeeReadme),
                   tokens_.current().place);
    }
    LC_TRY_STATUS(opening_tag_end());
    ++expressions_.loops;
    LC_TRY(statement.body, block("for", kEnds, place));
    --expressions_.loops;
    expressions_.close_scope();
    const bool has_else = tokens_.current().text == "else";
    tokens_.next();
    if (has_else) {
      LC_TRY_STATUS(opening_tag_end());
      expressions_.open_scope();
      LC_TRY(statement.otherwise, block("for", Words(kEnds).last(1), place));
      expressions_.close_scope();
      tokens_.next();
    }
    LC_TRY_STATUS(tag_end());
    return statement;
  }

  Outcome<Statement> assignment(Place place) {
    Statement statement;
    statement.kind = StatementKind::assignment;
    statement.place = place;
    if (tokens_.ahead().kind == TokenKind::symbol && tokens_.ahead().text == ".") {
      return fault("assigning to an attribute is not supported; " + std::string(kSeeReadme), place);
    }
    LC_TRY(statement.target, expressions_.target());
    if (!tokens_.skip_symbol("=")) {
      return tokens_.current().kind == TokenKind::tag_end || tokens_.is_symbol("|")
                 ? fault("a 'set' block is not supported; " + std::string(kSeeReadme), place)
                 : tokens_.unexpected_token("'='");
    }
    LC_TRY(statement.expression, expressions_.tuple());
    expressions_.declare(statement.target);
    LC_TRY_STATUS(tag_end());
    return statement;
  }

  TokenStream& tokens_;
  ExpressionParser expressions_;
};

}  // namespace

bool TokenStream::is_symbol(std::string_view text) const {
  return current().kind == TokenKind::symbol && current().text == text;
}

bool TokenStream::is_name(std::string_view text) const {
  return current().kind == TokenKind::name && current().text == text;
}

bool TokenStream::skip_symbol(std::string_view text) {
  const bool found = is_symbol(text);
  if (found) {
    next();
  }
  return found;
}

bool TokenStream::skip_name(std::string_view text) {
  const bool found = is_name(text);
  if (found) {
    next();
  }
  return found;
}

Outcome<void> TokenStream::expect_symbol(std::string_view text) {
  if (!skip_symbol(text)) {
    return unexpected_token("'" + std::string(text) + "'");
  }
  return {};
}

std::string TokenStream::since(std::size_t begin) const {
  constexpr std::size_t kShown = 80;
  const std::size_t end = at_ > 0 ? tokens_[at_ - 1].end : begin;
  std::string text(source_.substr(begin, end - begin));
  if (text.size() > kShown) {
    text = text.substr(0, kShown) + "...";
  }
  return text;
}

std::unexpected<Fault> TokenStream::unexpected_token(std::string_view expected) const {
  const Token& token = current();
  std::string message = "unexpected ";
  if (token.kind == TokenKind::end) {
    message += "end";
  } else if (token.kind == TokenKind::string) {
    message += "string";
  } else {
    message += "'" + token.text + "'";
  }
  if (!expected.empty()) {
    message += ", expected " + std::string(expected);
  }
  return fault(std::move(message), token.place);
}

Outcome<TemplateProgram> parse_template(std::string_view source) {
  LC_TRY(std::vector<Token> list, tokenize(source, LexerMode::whole_template));
  TokenStream tokens(source, std::move(list));
  return StatementParser(tokens).run();
}

}  // namespace lc::templates
