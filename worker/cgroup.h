#pragma once

namespace lc::worker {

/// Joins the cgroups that the supervisor made for this process, when LIVE_CREW_CGROUP_FD in
/// `environment` names descriptors, with commas between them: the first act of the process, so that
/// all it ever starts is in there too. Each is closed afterwards.
///
/// Returns 0, or the errno of the first that could not be joined, EBADF for what is no descriptor;
/// the process must not go on then.
int join_cgroup(const char* const* environment);

}  // namespace lc::worker
