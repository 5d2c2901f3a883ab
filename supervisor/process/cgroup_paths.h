#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Where cgroups are, out of what /proc says; no I/O.
namespace lc::process {

/// A mounted cgroup hierarchy.
struct CgroupMount {
  std::string root;   // the cgroup that is mounted: `/` unless a container sees only a part
  std::string point;  // the folder that it is mounted on
  bool favours_moves = false;  // `favordynmods`: joining takes no grace period of the kernel

  bool operator==(const CgroupMount&) const = default;
};

/// The first one of version 2 in the text of /proc/self/mountinfo, also beside version 1.
std::optional<CgroupMount> find_cgroup2(std::string_view mountinfo);

/// The one of version 1 that has the controller (`memory`).
std::optional<CgroupMount> find_cgroup1(std::string_view mountinfo, std::string_view controller);

/// The cgroup of a process in version 2, of the text of /proc/self/cgroup: `/` or `/user.slice`.
std::optional<std::string> own_cgroup2(std::string_view proc_cgroup);

/// The same in version 1, for a controller.
std::optional<std::string> own_cgroup1(std::string_view proc_cgroup, std::string_view controller);

/// Whether a list like `cpu,cpuacct` or `cpu memory pids` holds the word.
bool lists(std::string_view words, std::string_view word);

/// The number after `key ` in a file of lines `key number`, such as memory.events.
std::optional<std::int64_t> counter_in(std::string_view text, std::string_view key);

/// The folder of cgroup `own` under `mount`; nothing when it lies outside of what is mounted.
std::optional<std::string> cgroup_folder(const CgroupMount& mount, std::string_view own);

}  // namespace lc::process
