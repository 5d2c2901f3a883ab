#pragma once

#include <sys/types.h>

#include <optional>

#include "supervisor/process/ended.h"

// The only file that sends signals. A number of a process names it only while nobody has reaped it,
// so a worker's leader stays unreaped until every other process of its tree is gone.
namespace lc::process {

/// Sends SIGKILL to the leader's group and to the leader, then SIGCONT, in case a stopped process
/// would not die. `leader` must not be reaped yet. Never blocks.
void kill_group(pid_t leader, int pidfd);

/// Kills one child of ours that is not reaped yet.
void kill_child(pid_t child);

/// How the process ended, if it has; it stays unreaped.
std::optional<ExitStatus> peek_exit(int pidfd);

/// Reaps a process that has ended; what it and the descendants that it waited for have used.
Usage reap(int pidfd);

/// Reaps a child of ours if it has ended.
void reap_child(pid_t child);

}  // namespace lc::process
