#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lc::templates {

/// Text as Python sees it: UTF-8 on the outside, code points inside. A byte that is no UTF-8 counts
/// as one character.

/// Bytes of the character that starts at `at`; `at` is inside the text.
std::size_t char_size(std::string_view text, std::size_t at);

char32_t char_at(std::string_view text, std::size_t at);
std::size_t char_count(std::string_view text);

/// Byte offset of character number `index`, at most the size of the text.
std::size_t char_offset(std::string_view text, std::size_t index);

void append_char(std::string& out, char32_t c);

bool is_utf8(std::string_view text);

/// What Python's `str.isspace` calls a space.
bool is_space(char32_t c);
std::string_view trim_start(std::string_view text);
std::string_view trim_end(std::string_view text);

/// False for what Python's `repr` escapes.
bool is_printable(char32_t c);

std::string to_upper(std::string_view text);
std::string to_lower(std::string_view text);
/// First character in title case, the rest in lower case.
std::string to_capitalized(std::string_view text);

}  // namespace lc::templates
