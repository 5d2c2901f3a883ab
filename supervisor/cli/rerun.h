#pragma once

#include <vector>

#include "supervisor/cli/verb.h"

namespace lc::cli {

/// What `replay --rerun` takes beside the journal.
std::vector<Option> rerun_options();

/// Runs the crews of a recorded run again. The exit code.
int run_rerun(const Args& args, Io& io);

}  // namespace lc::cli
