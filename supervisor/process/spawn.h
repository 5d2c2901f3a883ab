#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "common/fd.h"
#include "common/result.h"

namespace lc::process {

/// Longest `stdin_line`: with its line feed it fits an empty pipe, so writing it never blocks.
inline constexpr std::size_t kStdinLineBytesMax = (std::size_t{64} << 10) - 1;

/// The number of the first descriptor by which a worker joins its cgroups; the others follow. The
/// worker finds them in the variable proto::kCgroupFdVariable.
inline constexpr int kDoorFd = 4;
inline constexpr std::size_t kDoorsMax = 4;

/// A process of a fresh namespace is number 1 in it: all others there die with it, before it counts
/// as dead itself. Needs CAP_SYS_ADMIN.
enum class PidNamespace { ours, fresh };

struct SpawnRequest {
  std::vector<std::string> argv;      // argv[0] is a path; PATH is not searched
  std::vector<std::string> env;       // NAME=value
  std::string stdin_line;             // without the line feed
  std::string folder;                 // working directory; empty: ours
  std::vector<const OwnedFd*> doors;  // given from kDoorFd on: whoever writes `0` to one joins
  PidNamespace pids = PidNamespace::ours;
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

/// Starts a process with exactly the descriptors 0 to 3, and the doors, an empty signal mask,
/// default signal dispositions, and `stdin_line` waiting on its standard input.
///
/// Call on the main thread: the kernel ties a child's PR_SET_PDEATHSIG to the thread that made it.
/// Errors: invalid_input - stdin_line too long, or a string with a NUL; not_found, denied - argv[0]
/// or folder; overloaded - no descriptors, processes or memory left. Nothing is left behind then.
Result<Spawned> spawn(const SpawnRequest& request);

}  // namespace lc::process
