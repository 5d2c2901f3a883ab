#pragma once

#include <optional>
#include <string_view>

#include "common/diagnostic.h"

// What can be said of a YAML file before it is parsed.
namespace lc {

/// The first reason why `text` is not the text of a YAML file: too large, not UTF-8, or a control
/// character; nothing when it may be parsed.
std::optional<Diagnostic> check_yaml_text(std::string_view text, std::string_view file);

/// The line of `text` that counts `line` from 1, without its line break; empty when there is none.
std::string_view line_of(std::string_view text, int line);

/// A column in characters, given one in bytes (both from 1) of a UTF-8 line.
int column_in_characters(std::string_view line, int byte_column);

}  // namespace lc
