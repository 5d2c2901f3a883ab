#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/ids.h"
#include "proto/heartbeat.h"

namespace lc::supervisor {

/// What this supervisor is among those of its stream.
struct Standing {
  std::string boot_id;
  proto::Role role = proto::Role::standby;
  std::int64_t lease_revision = 0;
  std::vector<CrewId> crews;  // selected here, sorted
};

}  // namespace lc::supervisor
