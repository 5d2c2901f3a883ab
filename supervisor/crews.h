#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/diagnostic.h"
#include "proto/manifest.h"

// Finding and reading crews on disk: the one place that knows how a folder of crews looks.
namespace lc {

/// The crews of a folder and everything that is wrong with them.
struct LoadedCrews {
  std::vector<proto::Manifest> crews;   // by name; only those without errors
  std::vector<Diagnostic> diagnostics;  // sorted; errors mean that nothing may be started
};

/// The files `FOLDER/*.runtime.yaml` and `FOLDER/*/*.runtime.yaml`, sorted; hidden folders
/// are left out.
std::vector<std::string> find_crew_files(const std::string& folder);

/// Reads one `<crew>.runtime.yaml` and, where there is one, `<crew>.yaml` beside it.
proto::ManifestResult load_crew(const std::string& file);

/// Reads all crews of a folder and checks them against each other.
///
/// Errors: as diagnostics; a folder that cannot be read or holds no crew is one.
LoadedCrews load_crews(const std::string& folder);

/// Reads these files and checks the crews against each other; `also_known` are crews that exist
/// elsewhere.
LoadedCrews load_crew_files(const std::vector<std::string>& files,
                            const std::vector<std::string>& also_known);

/// `vision` of `crews/vision.runtime.yaml`; empty when `file` is not called so.
std::string_view crew_file_stem(std::string_view file);

}  // namespace lc
