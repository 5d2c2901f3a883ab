#pragma once

#include <string>
#include <string_view>

#include "common/ids.h"
#include "common/result.h"
#include "proto/config.h"

namespace lc::proto {

/// Names the descriptor by which a worker joins its cgroup, before anything else: it writes `0`.
inline constexpr const char* kCgroupFdVariable = "LIVE_CREW_CGROUP_FD";

/// The first line on a worker's standard input: all that it may know. End of input afterwards means
/// that the supervisor is gone.
///
/// Source: proto/schemas/worker_config.json.
struct WorkerConfig {
  StreamId stream;
  CrewId crew;
  std::string nats_url;
  std::string manifest;  // path of <crew>.runtime.yaml
  LlmConfig llm;

  bool operator==(const WorkerConfig&) const = default;
};

Result<WorkerConfig> parse_worker_config(std::string_view text);
std::string write_worker_config(const WorkerConfig& config);

}  // namespace lc::proto
