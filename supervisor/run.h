#pragma once

#include "supervisor/worker_spec.h"

namespace lc::supervisor {

/// `lcsupervisor` with its arguments; `live-crew run` is the same under another name.
///
/// Returns the exit code.
int run_supervisor(int argc, const char* const* argv, const Environment& environment,
                   const char* program);

}  // namespace lc::supervisor
