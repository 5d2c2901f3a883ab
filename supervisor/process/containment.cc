#include "supervisor/process/containment.h"

#include <fmt/format.h>
#include <poll.h>

#include <utility>

#include "proto/worker_config.h"
#include "supervisor/process/kill.h"
#include "supervisor/process/spawn.h"

namespace lc::process {
namespace {

constexpr int kProbeTimeoutMs = 5'000;

}  // namespace

Result<std::unique_ptr<CgroupTree>> usable_cgroups(std::string_view name,
                                                   std::vector<std::string> probe) {
  LC_TRY(auto tree, CgroupTree::create(name));
  LC_TRY(const auto cgroup, tree->make("join"));
  SpawnRequest request{.argv = std::move(probe),
                       .env = {fmt::format("{}={}", proto::kCgroupFdVariable, kCgroupFd)}};
  request.cgroup = &cgroup->procs();
  LC_TRY(const Spawned process, spawn(request));
  pollfd ended{.fd = process.pidfd.get(), .events = POLLIN, .revents = 0};
  if (::poll(&ended, 1, kProbeTimeoutMs) != 1) {
    kill_group(process.pid, process.pidfd.get());
    ::poll(&ended, 1, kProbeTimeoutMs);
  }
  const auto exit = peek_exit(process.pidfd.get());
  reap(process.pidfd.get());
  if (!exit || *exit != ExitStatus{}) {
    return fail(ErrorCode::unavailable,
                fmt::format("a process cannot join {} ('{}' did not end with exit code 0)",
                            cgroup->folder(), request.argv.front()));
  }
  return tree;
}

}  // namespace lc::process
