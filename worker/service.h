#pragma once

#include "worker/crew/environment.h"
#include "worker/options.h"

namespace lc::worker {

/// Serves reactions over NATS as the supervisor's worker. Returns an exit code only when it cannot
/// start or has lost NATS for good; told to leave, it ends the process itself.
int run_service(const Options& options, const Environment& environment);

}  // namespace lc::worker
