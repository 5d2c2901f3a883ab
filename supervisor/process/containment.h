#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "supervisor/process/cgroup.h"

namespace lc::process {

/// Cgroups that workers can really join: `probe`, a command that joins as a worker does and leaves
/// with exit code 0, is run in one. Takes milliseconds; blocks meanwhile.
///
/// Errors: unavailable - as CgroupTree::create, or the probe could not join; what the probe started
/// is gone then too.
Result<std::unique_ptr<CgroupTree>> usable_cgroups(std::string_view name,
                                                   std::vector<std::string> probe);

}  // namespace lc::process
