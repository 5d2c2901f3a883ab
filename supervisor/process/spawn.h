#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "common/fd.h"
#include "common/result.h"

namespace lc::process {

/// Longest `stdin_line`: with its line feed it fits an empty pipe, so writing it never blocks.
inline constexpr std::size_t kStdinLineBytesMax = (std::size_t{64} << 10) - 1;

/// The number of the descriptor by which a worker joins its cgroup, told by kCgroupFdVariable.
inline constexpr int kCgroupFd = 4;

struct SpawnRequest {
  std::vector<std::string> argv;    // argv[0] is a path; PATH is not searched
  std::vector<std::string> env;     // NAME=value
  std::string stdin_line;           // without the line feed
  std::string folder;               // working directory; empty: ours
  const OwnedFd* cgroup = nullptr;  // given as kCgroupFd: whoever writes `0` to it joins
};

/// A running process, leader of its own session and group, not yet reaped, and our ends of its
/// descriptors. Closing `stdin_write` tells it that we are gone.
struct Spawned {
  pid_t pid = 0;
  OwnedFd pidfd;
  OwnedFd stdin_write;
  OwnedFd output_read;  // its stdout and stderr; does not block
  OwnedFd status_read;  // its descriptor 3; does not block
};

/// Starts a process with exactly the descriptors 0 to 3 (4 with a cgroup), an empty signal mask,
/// default signal dispositions, and `stdin_line` waiting on its standard input.
///
/// Call on the main thread: the kernel ties a child's PR_SET_PDEATHSIG to the thread that made it.
/// Errors: invalid_input - stdin_line too long, or a string with a NUL; not_found, denied - argv[0]
/// or folder; overloaded - no descriptors, processes or memory left. Nothing is left behind then.
Result<Spawned> spawn(const SpawnRequest& request);

}  // namespace lc::process
