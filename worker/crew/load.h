#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/result.h"
#include "proto/manifest.h"
#include "proto/worker_config.h"
#include "worker/child_tree.h"
#include "worker/crew/crew.h"
#include "worker/crew/environment.h"
#include "worker/llm/cassette_file.h"
#include "worker/progress.h"

namespace lc::worker {

/// Reads `<crew>.runtime.yaml`, and `<crew>.yaml` beside it if it exists.
///
/// Errors: invalid_input - every problem, one a line, with file:line:col; not_found, denied - a
/// file cannot be read.
Result<proto::Manifest> load_manifest(const std::string& file);

/// Reads the crew's files and builds what reacts; nothing is started yet.
///
/// With a `cassette`, a crew that asks a model is answered from it, without key or network.
/// `on_progress` is told how reactions get on.
///
/// Errors: invalid_input - every problem of the files or the cassette, one a line, with
/// file:line:col; not_found, denied - a file cannot be read.
Result<std::unique_ptr<Crew>> load_crew(const proto::WorkerConfig& config, ChildTree& tree,
                                        const Environment& environment,
                                        const std::optional<CassetteFile>& cassette,
                                        const OnProgress& on_progress);

}  // namespace lc::worker
