#pragma once

#include <string>
#include <vector>

namespace lc::process {

/// Makes controllers (`memory`) work in the cgroups of version 2 below `folder`, our own cgroup. If
/// it holds nothing but this process and its children, they are moved into a cgroup `supervisor`
/// below it where the kernel asks for that: one that has processes cannot divide its resources.
///
/// Returns those of `wanted` that work there.
std::vector<std::string> enable_controllers(const std::string& folder,
                                            const std::vector<std::string>& wanted);

}  // namespace lc::process
