#pragma once

#include "supervisor/cli/verb.h"

// The verbs of the family `journal`; each is defined in a file of its own.
namespace lc::cli {

Verb journal_show_verb();
Verb journal_why_verb();
Verb journal_blame_verb();
Verb journal_ready_verb();

/// Numbers of records, and of slices to both sides of 0.
inline constexpr Range kRecordNumbers = {1, 9'007'199'254'740'991};
inline constexpr Range kSliceNumbers = {-9'007'199'254'740'991, 9'007'199'254'740'991};

}  // namespace lc::cli
