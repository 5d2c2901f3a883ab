#include "supervisor/process/controllers.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "supervisor/process/cgroup.h"
#include "supervisor/process/cgroup_paths.h"
#include "supervisor/process/procfs.h"

namespace lc::process {
namespace {

constexpr const char* kLeaf = "supervisor";

bool is_ours(pid_t pid) {
  const auto stat = stat_of(pid);
  return pid == ::getpid() || (stat && stat->parent == ::getpid());
}

bool move_into_leaf(const std::string& folder) {
  const std::vector<pid_t> inside = parse_pids(read_control(folder, "cgroup.procs"));
  if (inside.empty() || !std::ranges::all_of(inside, is_ours)) {
    return false;  // somebody else's processes are none of our business
  }
  const std::string leaf = fmt::format("{}/{}", folder, kLeaf);
  ::mkdir(leaf.c_str(), 0755);
  return std::ranges::all_of(inside, [&leaf](pid_t pid) {
    return write_control(leaf, "cgroup.procs", std::to_string(pid)).has_value();
  });
}

bool enable(const std::string& folder, const std::string& controller) {
  return lists(read_control(folder, "cgroup.subtree_control"), controller) ||
         write_control(folder, "cgroup.subtree_control", "+" + controller).has_value();
}

}  // namespace

std::vector<std::string> enable_controllers(const std::string& folder,
                                            const std::vector<std::string>& wanted) {
  std::vector<std::string> working;
  for (const std::string& controller : wanted) {
    if (!lists(read_control(folder, "cgroup.controllers"), controller)) {
      continue;
    }
    if (enable(folder, controller) || (move_into_leaf(folder) && enable(folder, controller))) {
      working.push_back(controller);
    }
  }
  return working;
}

}  // namespace lc::process
