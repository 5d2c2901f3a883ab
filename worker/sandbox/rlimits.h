#pragma once

#include "common/result.h"
#include "proto/confinement.h"

namespace lc::worker {

/// Limits of this process and, each for itself, of what it starts: open files, size of a file, and
/// never a core. A lower limit that is there already stays.
///
/// Errors: denied - the kernel refuses one, named with its value.
Status limit_resources(const proto::Sandbox& sandbox);

}  // namespace lc::worker
