#pragma once

#include <string>
#include <string_view>

#include "common/ids.h"
#include "common/result.h"
#include "proto/config.h"
#include "proto/confinement.h"

namespace lc::proto {

/// Names the descriptors by which a worker joins its cgroups, before anything else: it writes `0`
/// to each and closes it. Numbers with commas between them.
inline constexpr const char* kCgroupFdVariable = "LIVE_CREW_CGROUP_FD";

/// What a spare worker reads after its configuration when it is to take over: it subscribes then.
inline constexpr std::string_view kSubscribeCommand = "subscribe";

enum class WorkerRole {
  active,  // subscribes, then says `ready`
  spare,   // says `standby` when all but the subscription is done; subscribes when it is told
};

/// The first line on a worker's standard input: all that it may know. The only line that can follow
/// is kSubscribeCommand, to a spare; the end of input means that the supervisor is gone.
///
/// Source: proto/schemas/worker_config.json.
struct WorkerConfig {
  StreamId stream;
  CrewId crew;
  std::string nats_url;
  std::string manifest;  // path of <crew>.runtime.yaml
  LlmConfig llm;
  WorkerRole role = WorkerRole::active;
  std::string boot_id = {};  // of the supervisor: only orders to it are taken; empty: every one
  Sandbox sandbox;

  bool operator==(const WorkerConfig&) const = default;
};

Result<WorkerConfig> parse_worker_config(std::string_view text);
std::string write_worker_config(const WorkerConfig& config);

}  // namespace lc::proto
