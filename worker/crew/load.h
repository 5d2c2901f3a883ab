#pragma once

#include <memory>
#include <string>

#include "common/result.h"
#include "proto/worker_config.h"
#include "worker/child_tree.h"
#include "worker/crew/crew.h"
#include "worker/crew/environment.h"
#include "worker/progress.h"

namespace lc::worker {

/// Reads the crew's files and builds what reacts; nothing is started yet.
///
/// `on_progress` is told how reactions get on.
///
/// Errors: invalid_input - every problem of the files, one a line, with file:line:col; not_found,
/// denied - a file cannot be read.
Result<std::unique_ptr<Crew>> load_crew(const proto::WorkerConfig& config, ChildTree& tree,
                                        const Environment& environment,
                                        const OnProgress& on_progress);

}  // namespace lc::worker
