#pragma once

#include <cstdint>
#include <cstdio>
#include <set>
#include <string>

#include "common/ids.h"

namespace lc::cli {

enum class TapTopic { events, actions, control, errors, context, heartbeats };

struct TapOptions {
  StreamId stream;
  std::string nats_url;
  std::set<TapTopic> topics;     // empty: events, actions, errors
  std::int64_t limit = 0;        // messages; 0: until interrupted
  std::int64_t patience_s = 30;  // for the first connection
};

/// Prints what passes by, a line each: `{"subject":"...","data":<the message>}`. Survives
/// reconnections; what passed meanwhile is not seen.
///
/// Returns the exit code: 0 at the limit or an interrupt, 69 when NATS is not there.
int tap(const TapOptions& options, std::FILE* out, std::FILE* err);

}  // namespace lc::cli
