#pragma once

#include <string>
#include <vector>

#include "common/private_nats.h"
#include "common/result.h"
#include "proto/config.h"
#include "proto/manifest.h"
#include "supervisor/rerun/lock_step.h"
#include "supervisor/worker_spec.h"

namespace lc::cli {

/// What the workers of real crews are given.
struct StageOptions {
  StreamId stream;
  std::vector<proto::Manifest> crews;  // the real ones
  proto::LiveConfig config;            // what concerns workers; not its server
  std::string worker_binary;
  supervisor::Environment environment;
  std::string cassette;        // models answer from this file; empty: they are asked
  std::string cassette_shown;  // its name in errors, the same wherever the file is
};

/// What is known of a reaction beside its effects: a JSON object, see Conductor::give.
using OnNote = std::function<void(const engine::Input&, const std::string& note)>;

/// Plays to the end with real workers, which connect to `server`. Deadlines hold: who misses one is
/// killed. Blocks; afterwards no worker is left.
///
/// Errors: unavailable - the server or a part of the host is not there; denied - somebody
/// interrupted it (SIGINT, SIGTERM).
Status play_on_stage(rerun::LockStep& play, const StageOptions& options, const PrivateNats& server,
                     const OnNote& on_note = {});

}  // namespace lc::cli
