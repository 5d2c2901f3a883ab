#pragma once

#include <string>

#include "supervisor/worker_spec.h"

namespace lc::supervisor {

/// Where the admin socket of a stream is: `STREAM.sock` in `$LIVE_CREW_RUNTIME_DIR`, else in
/// /run/live-crew for root, else in `$XDG_RUNTIME_DIR/live-crew`, else in a folder of this user's
/// in /tmp.
std::string admin_socket_path(const std::string& stream, const Environment& environment);

}  // namespace lc::supervisor
