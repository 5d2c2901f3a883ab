#pragma once

#include "common/result.h"
#include "worker/sandbox/bpf.h"

namespace lc::worker {

enum class Installed { yes, not_known_to_kernel };

/// Puts the filter on every thread of this process and on all that it starts, for good. Needs
/// no_new_privs.
///
/// Errors: denied, unavailable - the kernel knows filters, but refuses this one.
Result<Installed> install_filter(const Bpf& filter);

}  // namespace lc::worker
