#pragma once

#include <sys/types.h>

#include <atomic>
#include <string>
#include <vector>

#include "common/result.h"

namespace lc::worker {

/// The processes that this worker started, with everything that came from them: the worker is their
/// subreaper, so that what a program leaves behind becomes the worker's own child.
///
/// Threads: spawn, reap and end_children belong to the main thread; end_for_good may come from any
/// other one, and the main thread starts nothing after it.
class ChildTree {
 public:
  struct Command {
    std::vector<std::string> words;        // the program and its arguments
    std::vector<std::string> environment;  // NAME=value
    std::string folder;                    // working directory
    int stdin_fd = -1;
    int stdout_fd = -1;
  };

  /// How a process ended; `signal` is 0 unless one killed it.
  struct End {
    int code = 0;
    int signal = 0;
  };

  ChildTree();
  ChildTree(const ChildTree&) = delete;
  ChildTree& operator=(const ChildTree&) = delete;

  /// Starts a program with the two descriptors and our standard error, and nothing else open.
  ///
  /// Errors: not_found - no such program or folder; denied - not executable.
  Result<pid_t> spawn(const Command& command);

  /// How `pid` ended, waiting up to `patience_ms`; it is killed when it has not by then, which is
  /// not found: `killed` says so.
  struct Reaped {
    End end;
    bool killed = false;
  };
  Reaped reap(pid_t pid, int patience_ms);

  /// Whether `pid` still runs; does not reap.
  static bool running(pid_t pid);

  /// Kills every child until there is none.
  void end_children();

  /// Ends everything; no spawn succeeds from here on.
  void end_for_good();

  /// Returns unless the worker is leaving; then it waits here for the end of the process.
  void stop_here_when_leaving();

 private:
  std::atomic<bool> leaving_ = false;
  std::atomic<bool> spawning_ = false;
};

}  // namespace lc::worker
