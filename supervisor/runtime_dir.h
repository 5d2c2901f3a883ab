#pragma once

#include <string>

#include "supervisor/worker_spec.h"

namespace lc::supervisor {

/// Where the admin socket of a stream is: `STREAM.sock` in `$LIVE_CREW_RUNTIME_DIR`, else in
/// /run/live-crew for root, else in `$XDG_RUNTIME_DIR/live-crew`, else in a folder of this user's
/// in /tmp. A name that would make the path longer than a socket's can be is cut, and told from
/// others by a fingerprint.
std::string admin_socket_path(const std::string& stream, const Environment& environment);

}  // namespace lc::supervisor
