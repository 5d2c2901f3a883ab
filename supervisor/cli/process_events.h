#pragma once

#include <cstdio>
#include <string>

#include "supervisor/worker_spec.h"

namespace lc::cli {

struct ProcessOptions {
  std::string events_file;
  std::string crews_dir;
  std::string config_file;
  std::string summary_file;  // JSON; empty: the summary goes to stderr in words
};

/// Runs crews over a file of events, offline: a private server, the event clock, every reaction
/// awaited. Actions go to `out`, one a line; equal inputs give equal bytes as long as crews do.
///
/// Returns the exit code: 0, 1 a crew was disabled on the way, 65 bad events (nothing was run), 69,
/// 70, 78 as the supervisor.
int process_events(const ProcessOptions& options, const supervisor::Environment& environment,
                   std::FILE* out, std::FILE* err);

}  // namespace lc::cli
