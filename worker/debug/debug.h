#pragma once

#include <span>
#include <string>

#include "worker/crew/environment.h"
#include "worker/debug/options.h"

namespace lc::worker {

struct DebugRun {
  int exit_code = 0;
  std::string out;  // the rest for standard output
};

/// Where a text goes that a person must see before the reaction runs.
using ShowNow = void (*)(const std::string&);

/// Runs one recorded reaction once more, in the foreground: no time limit, no sandbox, and nothing
/// published. What is wrong goes to standard error. `words` are those behind the program's name.
DebugRun run_debug(const DebugOptions& options, std::span<const char* const> words,
                   const Environment& environment, ShowNow show);

}  // namespace lc::worker
