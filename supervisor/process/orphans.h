#pragma once

#include <sys/types.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/result.h"

namespace lc::process {

/// The environment variable by which a worker's descendants are known: its value is a TreeId's
/// token. Part of the contract with workers: they leave it in the environment of what they start.
inline constexpr const char* kTokenVariable = "LIVE_CREW_WORKER";

/// What workers leave behind. As a subreaper, this process becomes the parent of every descendant
/// whose own parent died; here they are told apart, killed and reaped.
///
/// An orphan belongs to a worker if it is of its session or carries its token; one whose token
/// names no living worker belongs to any worker that is being swept. Never touched: workers'
/// leaders (whoever started them reaps them), pids left to their owner, and processes of our own
/// session, which no worker's descendant can be in. Best effort: a descendant that left the
/// session, has a living parent outside it and hid its environment is not found.
class Orphans {
 public:
  /// Errors: unavailable - the kernel refuses to make us a subreaper.
  static Result<Orphans> create();

  void add_worker(pid_t leader, std::string token);
  void remove_worker(pid_t leader);  // right after the leader was reaped
  void leave_to_owner(pid_t pid) { owned_.insert(pid); }
  void forget_owned(pid_t pid) { owned_.erase(pid); }

  /// Whether a process is a worker, of a worker's session, or carries a worker's token.
  bool is_of_a_worker(pid_t pid) const;

  /// Reaps every dead orphan. True: none of a worker is left.
  bool reap() const;

  /// Kills and reaps what is left of the tree of `leader`, which is dead itself and not reaped.
  /// True: nothing was left.
  bool sweep(pid_t leader) const;

 private:
  Orphans() = default;
  std::vector<pid_t> unknown_children() const;
  bool belongs(pid_t orphan, pid_t session, pid_t leader) const;

  std::map<pid_t, std::string> workers_;  // leader, token
  std::set<pid_t> owned_;
};

}  // namespace lc::process
