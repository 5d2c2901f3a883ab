#include "supervisor/process/orphans.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string_view>

#include "common/fd.h"
#include "supervisor/process/kill.h"
#include "supervisor/process/procfs.h"

namespace lc::process {
namespace {

constexpr int kSweepPassesMax = 8;

}  // namespace

Result<Orphans> Orphans::create() {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) {
    return std::unexpected(errno_error("becoming the reaper of orphans", errno));
  }
  return Orphans();
}

void Orphans::add_worker(pid_t leader, std::string token) {
  workers_[leader] = std::move(token);
}

void Orphans::remove_worker(pid_t leader) {
  workers_.erase(leader);
}

std::vector<pid_t> Orphans::unknown_children() const {
  auto children = children_of_this_process();
  std::erase_if(children,
                [this](pid_t pid) { return workers_.contains(pid) || owned_.contains(pid); });
  return children;
}

bool Orphans::is_of_a_worker(pid_t pid) const {
  const auto stat = stat_of(pid);
  // Tokens name us: CREW.OUR_PID.NUMBER. The variable may also hold what an operator gave it.
  return workers_.contains(pid) || (stat && workers_.contains(stat->session)) ||
         token_of(pid).contains(fmt::format(".{}.", ::getpid()));
}

bool Orphans::reap() const {
  bool living = false;
  for (const pid_t orphan : unknown_children()) {
    const auto stat = stat_of(orphan);
    if (!stat || stat->session == ::getsid(0)) {
      continue;
    }
    if (stat->state == 'Z') {
      reap_child(orphan);
    } else {
      living = living || is_of_a_worker(orphan);
    }
  }
  return !living;
}

bool Orphans::belongs(pid_t orphan, pid_t session, pid_t leader) const {
  if (session == leader) {
    return true;
  }
  const auto token = token_of(orphan);
  const bool of_a_worker =
      std::ranges::any_of(workers_, [&token](const auto& w) { return w.second == token; });
  if (of_a_worker) {
    return workers_.at(leader) == token;
  }
  // As process 1 we are given strangers too (`docker exec`), which are none of our business.
  return ::getpid() != 1 || !token.empty();
}

bool Orphans::sweep(pid_t leader) const {
  // What dies may leave children to us that were not on the list yet: look again after a death.
  for (int pass = 0; pass < kSweepPassesMax; ++pass) {
    bool living = false;
    bool reaped = false;
    for (const pid_t orphan : unknown_children()) {
      const auto stat = stat_of(orphan);
      if (!stat || stat->session == ::getsid(0)) {
        continue;
      }
      if (stat->state == 'Z') {
        reap_child(orphan);
        reaped = true;
      } else if (belongs(orphan, stat->session, leader)) {
        kill_child(orphan);
        living = true;
      }
    }
    if (living || !reaped) {
      return !living;
    }
  }
  return false;
}

}  // namespace lc::process
