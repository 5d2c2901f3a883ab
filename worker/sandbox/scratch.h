#pragma once

#include <string>

#include "common/fd.h"
#include "common/result.h"

namespace lc::worker {

/// A fresh private folder for a worker's temporary files: `lcworker.<name>.XXXXXX`. `lock` says
/// that its worker lives, and is held until the process ends.
struct Scratch {
  std::string folder;
  OwnedFd lock;
};

/// Makes one in `parent`, and removes there what workers of the same user left that have ended,
/// however they did: nobody else holds the lock of such a folder.
///
/// Errors: not_found, denied, unavailable - nothing can be made in `parent`.
Result<Scratch> make_scratch(const std::string& parent, const std::string& name);

}  // namespace lc::worker
