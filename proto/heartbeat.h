#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/result.h"
#include "common/time.h"

namespace lc::proto {

inline constexpr std::int64_t kHeartbeatSMax = 300;

/// A leader decides for the stream; a standby takes over when there is none.
enum class Role { leader, standby };

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
  std::string boot_id;                  // of this run of the supervisor
  Role role = Role::leader;
  std::int64_t lease_revision = 0;  // of the lease that it holds; 0: none
  std::vector<CrewId> crews;        // that are selected on this host, sorted

  bool operator==(const Heartbeat&) const = default;
};

std::string_view to_string(Role role);

Result<Heartbeat> parse_heartbeat(std::string_view text);
std::string write_heartbeat(const Heartbeat& heartbeat);

}  // namespace lc::proto
