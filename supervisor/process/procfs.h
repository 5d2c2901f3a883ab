#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What /proc says of processes.
namespace lc::process {

struct ProcessStat {
  char state = '?';
  pid_t parent = 0;
  pid_t session = 0;
};

/// The content of a file in /proc; nothing if it cannot be read (its process is gone).
std::optional<std::string> read_proc(const std::string& path);

/// The numbers in a text, whatever stands between them.
std::vector<pid_t> parse_pids(std::string_view text);

std::optional<ProcessStat> stat_of(pid_t pid);

/// The children of the main thread: orphans are given to it as long as it lives.
std::vector<pid_t> children_of_this_process();

/// The value of kTokenVariable in the environment that a process was started with; empty: none.
std::string token_of(pid_t pid);

}  // namespace lc::process
