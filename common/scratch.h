#pragma once

#include <string>

#include "common/fd.h"
#include "common/result.h"

namespace lc {

/// A fresh private folder for a worker's temporary files: `lcworker.<name>.XXXXXX`. `lock` says
/// that its worker lives, and is held until the process ends.
struct Scratch {
  std::string folder;
  OwnedFd lock;
};

/// Removes in `parent` the folders of workers that have ended, however they did: nobody holds the
/// lock of such a folder. Only those of the same user, unless that is root.
void remove_left_scratch(const std::string& parent);

/// Makes one in `parent`, after it has removed what was left there.
///
/// Errors: not_found, denied, unavailable - nothing can be made in `parent`.
Result<Scratch> make_scratch(const std::string& parent, const std::string& name);

}  // namespace lc
