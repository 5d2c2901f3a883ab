#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/template/value.h"

namespace lc::templates {

enum class TokenKind {
  data,
  output_begin,
  output_end,
  tag_begin,
  tag_end,
  name,
  string,
  integer,
  real,
  symbol,
  end,
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string text;  // data and strings: the value; else as written
  Place place;
  std::size_t begin = 0;  // bytes in the source
  std::size_t end = 0;
};

/// How a text is read: a whole template, or one expression or statement without `{{ }}`.
enum class LexerMode { whole_template, inside_tag };

/// The text with every line end as `\n`, without the one at the end, as Jinja reads it.
std::string normalize_newlines(std::string_view text);

/// Cuts `source` (normalized) into tokens; the last one is `end`. `start` is the first one's place.
Outcome<std::vector<Token>> tokenize(std::string_view source, LexerMode mode, Place start = {1, 1});

/// The value of a string literal between its quotes, escapes as in Python.
Outcome<std::string> unescape(std::string_view inside, Place place);

}  // namespace lc::templates
