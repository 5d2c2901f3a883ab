#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/ids.h"
#include "common/result.h"
#include "common/time.h"

namespace lc::proto {

inline constexpr std::int64_t kHeartbeatSMax = 300;

/// The supervisor's sign of life, kind `__hb` on `live.S.heartbeats`, also when idle.
///
/// Source: proto/schemas/heartbeat.json.
struct Heartbeat {
  WallTime ts;
  StreamId stream;
  std::string host;
  std::string version;
  std::int64_t pid = 0;
  std::int64_t uptime_s = 0;
  std::int64_t heartbeat_s = 5;     // the promised interval: alert at three times this
  std::optional<SliceIndex> slice;  // the open slice; absent before the first event
  Revision ctx_rev;
  std::int64_t crews_enabled = 0;
  std::int64_t crews_disabled = 0;
  std::int64_t reactions_in_flight = 0;
  std::string containment = "session";  // how workers' processes are held together

  bool operator==(const Heartbeat&) const = default;
};

Result<Heartbeat> parse_heartbeat(std::string_view text);
std::string write_heartbeat(const Heartbeat& heartbeat);

}  // namespace lc::proto
