#pragma once

#include <string>
#include <vector>

#include "supervisor/cli/verb.h"

namespace lc::cli {

/// Runs one command line (without the program's name) and returns its exit code.
int run_command(const Verbs& verbs, const std::vector<std::string>& words,
                const Environment& environment, Io& io);

}  // namespace lc::cli
