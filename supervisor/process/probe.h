#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "supervisor/process/spawn.h"

// Running a command to its end, to learn what this host can do.
namespace lc::process {

/// Runs it to its end, a few seconds at most; what it wrote, cut at what a pipe holds. Blocks.
///
/// Errors: unavailable - it did not end with exit code 0; as spawn.
Result<std::string> run_to_end(const SpawnRequest& request);

/// The same for a command with an empty environment.
Result<std::string> output_of(std::vector<std::string> argv);

}  // namespace lc::process
