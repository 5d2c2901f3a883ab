#pragma once

#include <string>

#include "supervisor/worker_spec.h"

namespace lc::supervisor {

/// Where the admin socket of a stream is: `STREAM.sock` in `$LIVE_CREW_RUNTIME_DIR`, else in
/// /run/live-crew for root, else in `$XDG_RUNTIME_DIR/live-crew`, else in a folder of this user's
/// in /tmp. A name that would make the path longer than a socket's can be is cut, and told from
/// others by a fingerprint.
std::string admin_socket_path(const std::string& stream, const Environment& environment);

/// Where kill reports are kept: `kills` below the state folder that is given, LIVE_CREW_STATE_DIR
/// or systemd's STATE_DIRECTORY; else beside the admin socket, until the host restarts.
std::string kill_reports_folder(const std::string& stream, const std::string& state_dir,
                                const Environment& environment);

}  // namespace lc::supervisor
