#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/diagnostic.h"
#include "proto/event.h"

namespace lc::proto {

enum class KvBackend { jetstream, redis, memory };
enum class ClockMode { wall, event };
enum class LatePolicy { next, drop, dead_letter };
enum class RequireContainment { session, pidns, cgroup };  // worst first
enum class MergePolicy { replace, deep, counter, gset, state_machine };

struct ContextKeyPolicy {
  MergePolicy policy = MergePolicy::replace;
  std::vector<std::string> states;  // state_machine: lowest priority first

  bool operator==(const ContextKeyPolicy&) const = default;
};

struct LlmConfig {
  std::string base_url = "https://api.openai.com/v1";
  std::string model = "gpt-4o-mini";
  std::string api_key_env =
      "OPENAI_API_KEY";              // the variable's name; the key itself is never in a file
  std::int64_t timeout_ms = 60'000;  // 1..600000; the crew's own timeout_ms comes first

  bool operator==(const LlmConfig&) const = default;
};

struct VectorConfig {
  std::string backend;  // empty: none; qdrant | milvus | pinecone | memory
  std::string url;

  bool operator==(const VectorConfig&) const = default;
};

/// `live-config.yaml` with the environment applied: everything an operator can set for a stream.
///
/// Source: proto/schemas/live_config.json.
struct LiveConfig {
  std::int64_t slice_ms = 500;   // 1..10000
  std::int64_t heartbeat_s = 5;  // 1..300
  std::int64_t lateness_ms =
      20;  // 0..10000: how long after its end a slice stays open (wall clock)
  ClockMode clock = ClockMode::wall;
  LatePolicy late_policy = LatePolicy::next;
  KvBackend kv_backend = KvBackend::jetstream;
  bool journal = true;  // false: nothing is proved, and a restart knows the context only
  std::int64_t ctx_max_bytes = 4'096;      // 2..1048576
  std::int64_t backlog_max_batches = 256;  // 1..100000
  std::string nats_url = "nats://127.0.0.1:4222";
  std::int64_t nats_replicas = 1;  // 1..5: on how many servers of a cluster what we create is kept
  std::string redis_url = "redis://127.0.0.1:6379";
  RequireContainment require_containment = RequireContainment::session;
  bool require_sandbox = false;  // a worker whose sandbox the kernel cannot make whole is refused
  std::string worker_uids;       // `61000-61999`: one user for each crew; empty: our own
  std::string worker_nats_url;   // with `{crew}` for the crew's name; empty: nats_url
  EventValidation event_validation;
  VectorConfig vector;
  LlmConfig llm;
  std::map<std::string, ContextKeyPolicy> context_keys;  // key -> policy

  bool operator==(const LiveConfig&) const = default;
};

/// Variables that start like settings but belong to the programs: flags by another way.
inline constexpr std::array<std::string_view, 13> kProgramVariables = {
    "LIVE_CREW_CASSETTE",    "LIVE_CREW_CGROUP_FD", "LIVE_CREW_CONFIG",   "LIVE_CREW_CREWS",
    "LIVE_CREW_FAULT",       "LIVE_CREW_NATS",      "LIVE_CREW_PASS_ENV", "LIVE_CREW_PYTHON_DIR",
    "LIVE_CREW_RUNTIME_DIR", "LIVE_CREW_SELECTOR",  "LIVE_CREW_SOCKET",   "LIVE_CREW_STATE_DIR",
    "LIVE_CREW_WORKER",
};

/// One resolved setting and where its value came from.
struct ConfigEntry {
  std::string path;    // event_validation.strict_mode
  std::string value;   // JSON text; a password inside a URL is left out
  std::string origin;  // "default", "file:3:12" or "LIVE_CREW_SLICE_MS"
};

struct ConfigResult {
  std::optional<LiveConfig> config;  // absent when there are errors
  std::vector<Diagnostic> diagnostics;
  std::vector<ConfigEntry> entries;  // every setting, by path
};

/// Resolves the configuration: defaults, then the file, then the environment.
///
/// `environment` holds the process's variables; those named `LIVE_CREW_*` that are settings
/// (`LIVE_CREW_EVENT_VALIDATION__STRICT_MODE`) win over the file; `LIVE_CREW_SELECTOR` and other
/// variables that belong to the programs (kProgramVariables) are left alone.
/// Errors: unknown names, values out of range or of the wrong type: all of them, with a suggestion.
ConfigResult resolve_config(std::string_view file_text, std::string_view file_name,
                            const std::map<std::string, std::string>& environment);

std::string_view to_string(KvBackend backend);
std::string_view to_string(ClockMode mode);
std::string_view to_string(LatePolicy policy);
std::string_view to_string(MergePolicy policy);

std::string_view to_string(RequireContainment level);

/// The first and the last user of `61000-61999`; nothing when it is no such range.
std::optional<std::pair<std::int64_t, std::int64_t>> parse_uid_range(std::string_view text);

/// The variable that sets `path`: `LIVE_CREW_VECTOR__URL` for `vector.url`.
std::string config_variable(std::string_view path);

}  // namespace lc::proto
