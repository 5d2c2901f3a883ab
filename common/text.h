#pragma once

#include <string>
#include <string_view>

namespace lc {

/// `text` cut to at most `bytes_max` bytes at a character's edge, `...` in place of the rest.
std::string shorten(std::string_view text, std::size_t bytes_max = 64);

/// The same for text whose end says most: its middle is cut out.
std::string shorten_middle(std::string_view text, std::size_t bytes_max);

/// `text` with every byte that is not part of valid UTF-8 replaced by `?`.
std::string valid_utf8(std::string_view text);

}  // namespace lc
