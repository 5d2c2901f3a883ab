#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "supervisor/cli/verb.h"

namespace lc::cli {

enum class Colour { off, on };

/// Colour only for a person: a terminal, and neither NO_COLOR nor TERM=dumb.
Colour colour_of(std::FILE* file, const Environment& environment);

/// Breaks `text` at spaces so that each line fits beside an indentation; lines that are there stay.
/// Ends with a line break.
std::string wrap(std::string_view text, std::size_t indent);

/// `live-crew validate [OPTIONS] PATH...`
std::string usage_line(const Verb& verb);

std::string verb_help(const Verb& verb, Colour colour);
std::string overview(const Verbs& verbs, Colour colour);

/// The verbs of a family (`event`), or empty when there is no such family.
std::string family_help(const Verbs& verbs, std::string_view family, Colour colour);

/// `exit-codes` or `env`; empty when there is no such topic.
std::string topic_help(const Verbs& verbs, std::string_view topic, Colour colour);

/// Each exit code and its meaning.
struct ExitCodeMeaning {
  int code;
  std::string_view meaning;
};
extern const ExitCodeMeaning kExitCodes[8];

/// Each environment variable and what it does, sorted.
std::map<std::string, std::string> variables(const Verbs& verbs);

}  // namespace lc::cli
