#pragma once

#include <cstdint>

#include "common/result.h"

namespace lc::worker {

/// Becomes this user, and the group of the same number, with no other group; for good.
///
/// Errors: denied - we are not root, or not that user already.
Status become_user(std::int64_t uid);

/// Keeps of root's capabilities only those to read and write files of others; they cannot come
/// back. Nothing changes for another user, who has none.
///
/// Errors: denied - the kernel refuses.
Status drop_capabilities();

/// What is executed from now on gains no rights, whatever its file says.
Status gain_no_privileges();

}  // namespace lc::worker
