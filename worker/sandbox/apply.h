#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/scratch.h"
#include "proto/worker_config.h"

namespace lc::worker {

/// What of a level this kernel does not have: `landlock`, `landlock_net`, `landlock_scopes`,
/// `seccomp`, in this order.
using Missing = std::vector<std::string_view>;
Missing missing_of(int landlock_abi, bool has_seccomp);

struct Confined {
  Missing missing;
  Scratch scratch;  // held while the process lives; empty at `off`
};

/// Confines this process, and all that it starts, as `config.sandbox` says; for good. Before any
/// other thread runs. TMPDIR and RES_OPTIONS are set in `environment` and in our own, so that
/// temporary files have their place and names are resolved over TCP.
///
/// Errors: not_found - a path of the crew's file, named; denied, unavailable - the step that the
/// kernel refuses, with its value. What the kernel does not have is no error.
Result<Confined> confine(const proto::WorkerConfig& config,
                         std::map<std::string, std::string>& environment);

/// For a crew that has nothing to start: neither this process nor what it started can execute
/// anything any more. Does nothing at `off`, or where the kernel has no seccomp.
///
/// Errors: denied, unavailable - the kernel refuses.
Status forbid_exec(const proto::Sandbox& sandbox);

/// What the kernel has, found out by confining this process at `standard`, without a crew.
struct Probe {
  int landlock_abi = 0;
  Missing missing;
};
Result<Probe> probe_sandbox(const std::map<std::string, std::string>& environment);

/// One JSON object, without the newline.
std::string write_probe(const Probe& probe);

}  // namespace lc::worker
