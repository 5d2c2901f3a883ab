#pragma once

#include "proto/confinement.h"
#include "worker/sandbox/bpf.h"

namespace lc::worker {

/// The system calls that a worker at `standard` or `strict`, and what it starts, may not make.
Bpf call_filter(proto::SandboxLevel level);

/// No program is started any more, by whatever way.
Bpf no_exec_filter();

}  // namespace lc::worker
