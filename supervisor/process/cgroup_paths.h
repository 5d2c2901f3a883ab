#pragma once

#include <optional>
#include <string>
#include <string_view>

// Where cgroup v2 is, out of what /proc says; no I/O.
namespace lc::process {

/// A mounted cgroup v2 hierarchy, also beside version 1 on hybrid hosts.
struct Cgroup2Mount {
  std::string root;   // the cgroup that is mounted: `/` unless a container sees only a part
  std::string point;  // the folder that it is mounted on

  bool operator==(const Cgroup2Mount&) const = default;
};

/// The first one in the text of /proc/self/mountinfo.
std::optional<Cgroup2Mount> find_cgroup2(std::string_view mountinfo);

/// The cgroup of a process in version 2, of the text of /proc/self/cgroup: `/` or `/user.slice`.
std::optional<std::string> own_cgroup2(std::string_view proc_cgroup);

/// The folder of cgroup `own` under `mount`; nothing when it lies outside of what is mounted.
std::optional<std::string> cgroup_folder(const Cgroup2Mount& mount, std::string_view own);

}  // namespace lc::process
