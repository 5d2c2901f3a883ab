#pragma once

#include <expected>
#include <string>
#include <vector>

#include "supervisor/cli/verb.h"

namespace lc::cli {

/// Reads the words after a verb's name; what is not given comes from the environment or the
/// fallback.
///
/// Errors: one line that says which word is wrong and what is accepted.
std::expected<Args, std::string> parse_args(const Verb& verb, const std::vector<std::string>& words,
                                            const Environment& environment);

/// `-s, --stream` or `PATH`, as messages and help name an option.
std::string option_label(const Option& option);

/// Whether the option is an argument by position.
bool is_positional(const Option& option);

}  // namespace lc::cli
