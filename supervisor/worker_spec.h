#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/ids.h"
#include "proto/config.h"
#include "proto/manifest.h"
#include "supervisor/process/fleet.h"

namespace lc::supervisor {

using Environment = std::map<std::string, std::string>;

/// Reads a null-terminated array of `NAME=value`, as `main` finds it.
Environment read_environment(const char* const* entries);

/// Variables that a worker may see: what programs need to run at all, and the model's key.
///
/// Shape: `NAME=value`, sorted; nothing of the supervisor's own settings or secrets.
std::vector<std::string> worker_environment(const Environment& environment,
                                            const proto::LlmConfig& llm);

struct WorkerSpecOptions {
  StreamId stream;
  std::string worker_binary;
  std::string nats_url;  // as workers reach it; `{crew}` stands for the crew's name
  proto::LlmConfig llm;
  bool require_sandbox = false;
  std::string boot_id;              // of this supervisor
  std::optional<std::int64_t> uid;  // the crew's own; absent: the supervisor's
  Environment environment;
};

/// How the worker of one crew is started.
process::WorkerSpec worker_spec(const proto::Manifest& manifest, const WorkerSpecOptions& options);

/// Where `lcworker` is: `LIVE_CREW_WORKER`, else beside this executable, else in the build tree,
/// else in PATH.
///
/// Errors: not_found - names every place that was tried.
Result<std::string> find_worker_binary(const Environment& environment);

}  // namespace lc::supervisor
