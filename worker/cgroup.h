#pragma once

namespace lc::worker {

/// Joins the cgroup that the supervisor made for this process, when LIVE_CREW_CGROUP_FD in
/// `environment` names one: the first act of the process, so that all it ever starts is in there
/// too.
///
/// Returns 0, or the errno of a cgroup that could not be joined; the process must not go on then.
int join_cgroup(const char* const* environment);

}  // namespace lc::worker
