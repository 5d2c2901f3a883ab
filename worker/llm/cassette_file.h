#pragma once

#include <map>
#include <optional>
#include <string>

#include "common/result.h"

namespace lc::worker {

/// The file that a worker plays its model's answers from, not yet taken apart.
struct CassetteFile {
  std::string path;
  std::string text;
};

/// Reads the cassette that `option` names, or kCassetteVariable when it is empty; nothing when
/// neither does. Before the worker is confined: it may be out of reach afterwards.
///
/// Errors: those of reading it, with its path.
Result<std::optional<CassetteFile>> read_cassette_file(
    const std::string& option, const std::map<std::string, std::string>& environment);

}  // namespace lc::worker
