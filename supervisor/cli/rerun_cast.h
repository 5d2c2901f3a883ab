#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/diagnostic.h"
#include "proto/manifest.h"
#include "supervisor/cli/verb.h"
#include "supervisor/rerun/lock_step.h"

// Which crews run again for real, read from disk. What is wrong is a diagnostic.
namespace lc::cli {

/// Crews that run, and how the engine learns of them.
struct LoadedCast {
  std::vector<proto::Manifest> crews;
  rerun::Cast cast;
  std::vector<Diagnostic> diagnostics;
};

/// Every crew of a folder, and nobody else.
LoadedCast cast_of_folder(const std::string& folder);

/// `crew=DIR` each, taken apart: a crew's name to its folder.
///
/// Errors: invalid_input - no name or no folder, or a crew twice.
Result<std::map<std::string, std::string>> parse_swaps(const std::vector<std::string>& swaps);

/// The crews of `swaps` from their folders; all others of `recorded` answer from the tape.
LoadedCast cast_of_swaps(const std::map<std::string, std::string>& swaps,
                         const std::vector<engine::CrewSpec>& recorded);

}  // namespace lc::cli
