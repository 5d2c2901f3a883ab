#pragma once

#include <string>

#include "worker/crew/environment.h"
#include "worker/options.h"

namespace lc::worker {

struct OnceResult {
  int exit_code = 0;
  std::string done;  // a line, or empty when there was no reaction
};

/// Runs one reaction in the foreground, for the `ready` on standard input. What is wrong goes to
/// standard error.
OnceResult run_once(const Options& options, const Environment& environment);

}  // namespace lc::worker
