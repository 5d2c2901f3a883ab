#include "proto/template/lexer.h"

#include <algorithm>

#include "proto/template/unicode.h"

namespace lc::templates {
namespace {

constexpr std::string_view kSymbols[] = {"//", "**", "==", "!=", ">=", "<=", "+", "-", "/",
                                         "*",  "%",  "~",  "[",  "]",  "(",  ")", "{", "}",
                                         ">",  "<",  "=",  ".",  ":",  "|",  ",", ";"};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name_char(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

class Lexer {
 public:
  Lexer(std::string_view source, Place start) : source_(source), place_(start) {}

  Outcome<std::vector<Token>> run(LexerMode mode) {
    if (mode == LexerMode::inside_tag) {
      LC_TRY_STATUS(tag_tokens({}));
    } else {
      while (at_ < source_.size()) {
        LC_TRY_STATUS(data());
      }
    }
    push(TokenKind::end, "", 0);
    return std::move(tokens_);
  }

 private:
  std::string_view rest() const { return source_.substr(at_); }
  bool looking_at(std::string_view text) const { return rest().starts_with(text); }

  void advance(std::size_t bytes) {
    for (const std::size_t stop = at_ + bytes; at_ < stop;) {
      if (source_[at_] == '\n') {
        ++place_.line;
        place_.column = 0;
      }
      ++place_.column;
      at_ += char_size(source_, at_);
    }
  }

  void advance_spaces() { advance(rest().size() - trim_start(rest()).size()); }

  void push(TokenKind kind, std::string text, std::size_t bytes) {
    tokens_.push_back(Token{kind, std::move(text), place_, at_, at_ + bytes});
    advance(bytes);
  }

  void push_data(std::string_view text, char strip_sign) {
    const std::string_view kept = strip_sign == '-' ? trim_end(text) : text;
    if (!kept.empty()) {
      tokens_.push_back(Token{TokenKind::data, std::string(kept), place_, at_, at_ + kept.size()});
    }
    advance(text.size());
  }

  // Text up to the next tag, then that tag.
  Outcome<void> data() {
    std::size_t next = at_;
    do {
      next = source_.find('{', next);
    } while (next != std::string_view::npos && next + 1 < source_.size() &&
             std::string_view("{%#").find(source_[next + 1]) == std::string_view::npos && ++next);
    if (next == std::string_view::npos || next + 1 >= source_.size()) {
      push_data(rest(), 0);
      return {};
    }
    const char sign = next + 2 < source_.size() ? source_[next + 2] : '\0';
    const bool has_sign = sign == '-' || sign == '+';
    push_data(source_.substr(at_, next - at_), sign);
    const std::size_t begin_size = has_sign ? 3 : 2;
    if (looking_at("{#")) {
      return comment(begin_size);
    }
    if (looking_at("{{")) {
      push(TokenKind::output_begin, "{{", begin_size);
      return tag_tokens("}}");
    }
    if (const std::size_t size = raw_tag_size("raw", begin_size); size > 0) {
      return raw_block(size);
    }
    push(TokenKind::tag_begin, "{%", begin_size);
    return tag_tokens("%}");
  }

  Outcome<void> comment(std::size_t begin_size) {
    const std::size_t close = source_.find("#}", at_ + begin_size);
    if (close == std::string_view::npos) {
      return fault("the comment is not closed: '#}' is missing", place_);
    }
    const bool strips = close > at_ + begin_size && source_[close - 1] == '-';
    advance(close + 2 - at_);
    if (strips) {
      advance_spaces();
    }
    return {};
  }

  // Size of `{% word %}` here, 0 if there is another tag; the spaces after `-%}` belong to it.
  std::size_t raw_tag_size(std::string_view word, std::size_t begin_size) const {
    std::string_view text = trim_start(rest().substr(begin_size));
    if (!text.starts_with(word)) {
      return 0;
    }
    text = trim_start(text.substr(word.size()));
    if (text.starts_with("-%}")) {
      text = trim_start(text.substr(3));
    } else if (text.starts_with("%}")) {
      text.remove_prefix(2);
    } else if (word == "endraw" && text.starts_with("+%}")) {
      text.remove_prefix(3);
    } else {
      return 0;
    }
    return rest().size() - text.size();
  }

  Outcome<void> raw_block(std::size_t begin_size) {
    const Place start = place_;
    advance(begin_size);
    for (std::size_t next = source_.find("{%", at_); next != std::string_view::npos;
         next = source_.find("{%", next + 1)) {
      Lexer ahead(source_, place_);
      ahead.at_ = next;
      const char sign = next + 2 < source_.size() ? source_[next + 2] : '\0';
      const std::size_t size = ahead.raw_tag_size("endraw", sign == '-' || sign == '+' ? 3 : 2);
      if (size > 0) {
        push_data(source_.substr(at_, next - at_), sign);
        advance(size);
        return {};
      }
    }
    return fault("'raw' is not closed: '{% endraw %}' is missing", start);
  }

  // True when the tag's end is here; it counts only outside of brackets.
  bool at_tag_end(std::string_view close) {
    if (!brackets_.empty() || close.empty()) {
      return false;
    }
    const TokenKind kind = close == "}}" ? TokenKind::output_end : TokenKind::tag_end;
    if (looking_at(close)) {
      push(kind, std::string(close), 2);
      return true;
    }
    if (rest().size() > 2 && rest().substr(1).starts_with(close) &&
        (rest()[0] == '-' || (rest()[0] == '+' && kind == TokenKind::tag_end))) {
      const bool strips = rest()[0] == '-';
      push(kind, std::string(close), 3);
      if (strips) {
        advance_spaces();
      }
      return true;
    }
    return false;
  }

  Outcome<void> tag_tokens(std::string_view close) {
    const Place start = tokens_.empty() ? place_ : tokens_.back().place;
    while (true) {
      advance_spaces();
      if (at_ >= source_.size()) {
        break;
      }
      if (at_tag_end(close)) {
        return {};
      }
      LC_TRY_STATUS(token());
    }
    if (!close.empty()) {
      return fault("the tag is not closed: '" + std::string(close) + "' is missing", start);
    }
    return {};
  }

  Outcome<void> token() {
    const char c = source_[at_];
    if (is_digit(c)) {
      return number();
    }
    if (is_name_char(c)) {
      std::size_t size = 1;
      while (size < rest().size() && is_name_char(rest()[size])) {
        ++size;
      }
      push(TokenKind::name, std::string(rest().substr(0, size)), size);
      return {};
    }
    if (c == '\'' || c == '"') {
      return string(c);
    }
    for (const std::string_view symbol : kSymbols) {
      if (looking_at(symbol)) {
        return push_symbol(symbol);
      }
    }
    return fault(
        "unexpected character '" + std::string(rest().substr(0, char_size(rest(), 0))) + "'",
        place_);
  }

  Outcome<void> push_symbol(std::string_view symbol) {
    const char c = symbol[0];
    if (c == '(' || c == '[' || c == '{') {
      brackets_ += c == '(' ? ')' : c == '[' ? ']' : '}';
    } else if (c == ')' || c == ']' || c == '}') {
      if (brackets_.empty()) {
        return fault("unexpected '" + std::string(symbol) + "'", place_);
      }
      if (brackets_.back() != c) {
        return fault(
            "unexpected '" + std::string(symbol) + "', expected '" + brackets_.back() + "'",
            place_);
      }
      brackets_.pop_back();
    }
    push(TokenKind::symbol, std::string(symbol), symbol.size());
    return {};
  }

  Outcome<void> string(char quote) {
    std::size_t size = 1;
    while (size < rest().size() && rest()[size] != quote) {
      size += rest()[size] == '\\' ? 2 : 1;
    }
    if (size >= rest().size()) {
      return fault(std::string("the string is not closed: ") + quote + " is missing", place_);
    }
    LC_TRY(std::string value, unescape(rest().substr(1, size - 1), place_));
    push(TokenKind::string, std::move(value), size + 1);
    return {};
  }

  // Digits of `base` with single underscores between them; 0 if there are none.
  std::size_t digits(std::size_t from, int base) const {
    const auto fits = [base](char c) {
      const int value = is_digit(c)                              ? c - '0'
                        : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                                 : 99;
      return value < base;
    };
    std::size_t size = 0;
    const std::string_view text = rest();
    while (from + size < text.size()) {
      const bool underscore = text[from + size] == '_';
      const std::size_t digit = from + size + (underscore ? 1 : 0);
      if (digit >= text.size() || !fits(text[digit])) {
        break;
      }
      size = digit + 1 - from;
    }
    return size;
  }

  // Size of a float here, 0 if there is none: `1.5`, `1e3`, `1.5e-3`.
  std::size_t real_size() const {
    const std::string_view text = rest();
    std::size_t size = digits(0, 10);
    bool is_real = false;
    if (size + 1 < text.size() && text[size] == '.' && is_digit(text[size + 1])) {
      size += 1 + digits(size + 1, 10);
      is_real = true;
    }
    std::size_t exponent = size;
    if (exponent < text.size() && (text[exponent] == 'e' || text[exponent] == 'E')) {
      ++exponent;
      if (exponent < text.size() && (text[exponent] == '+' || text[exponent] == '-')) {
        ++exponent;
      }
      if (exponent < text.size() && is_digit(text[exponent])) {
        return exponent + digits(exponent, 10);
      }
    }
    return is_real ? size : 0;
  }

  Outcome<void> number() {
    const bool follows_dot = at_ > 0 && source_[at_ - 1] == '.';
    if (const std::size_t size = real_size(); size > 0 && !follows_dot) {
      push(TokenKind::real, std::string(rest().substr(0, size)), size);
      return {};
    }
    std::size_t size = digits(0, 10);
    if (rest()[0] == '0') {
      const char letter = rest().size() > 1 ? static_cast<char>(rest()[1] | 0x20) : '\0';
      const int base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 1;
      const std::size_t more = digits(base == 1 ? 1 : 2, base);
      size = base == 1 ? 1 + more : more > 0 ? 2 + more : 1;
    }
    push(TokenKind::integer, std::string(rest().substr(0, size)), size);
    return {};
  }

  std::string_view source_;
  Place place_;
  std::size_t at_ = 0;
  std::string brackets_;
  std::vector<Token> tokens_;
};

}  // namespace

std::string normalize_newlines(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r') {
      out += '\n';
      i += i + 1 < text.size() && text[i + 1] == '\n' ? 1 : 0;
    } else {
      out += text[i];
    }
  }
  if (out.ends_with('\n')) {
    out.pop_back();
  }
  return out;
}

Outcome<std::vector<Token>> tokenize(std::string_view source, LexerMode mode, Place start) {
  return Lexer(source, start).run(mode);
}

}  // namespace lc::templates
