#pragma once

#include <sys/types.h>

#include <string>

#include "common/fd.h"

namespace lc::process {

/// A cgroup of the version 1 freezer, in which not even SIGKILL ends a process. Thawed and removed
/// when this ends, also when this program dies: a child, the keeper, sees to it.
class Freezer {
 public:
  /// Make it before any worker is started: the keeper has a copy of no descriptor but its own.
  explicit Freezer(const std::string& hierarchy);
  ~Freezer();
  Freezer(const Freezer&) = delete;
  Freezer& operator=(const Freezer&) = delete;

  /// Returns when the process is frozen.
  void freeze(pid_t pid);
  void thaw();
  pid_t keeper() const { return keeper_; }

 private:
  std::string folder_;
  OwnedFd lifeline_;  // the keeper works when it is closed
  pid_t keeper_ = 0;
};

}  // namespace lc::process
