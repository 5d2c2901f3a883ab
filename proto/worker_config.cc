#include "proto/worker_config.h"

#include <array>

#include "common/json.h"
#include "proto/reader.h"
#include "proto/slice.h"

namespace lc::proto {
namespace {

constexpr std::size_t kTextBytesMax = 4'096;
constexpr TextLength kSomeText = {.min = 1, .max = kTextBytesMax};
constexpr std::int64_t kLlmTimeoutMsMax = 600'000;

LlmConfig read_llm(ObjectReader reader) {
  LlmConfig llm;
  llm.base_url = reader.text("base_url", kSomeText);
  llm.model = reader.text("model", kSomeText);
  llm.api_key_env = reader.text("api_key_env", {.max = kTextBytesMax});
  llm.timeout_ms = reader.integer("timeout_ms", {1, kLlmTimeoutMsMax});
  reader.finish();
  return llm;
}

// Roles and levels in the order of their enumerators.
constexpr std::array<std::string_view, 2> kRoles = {"active", "spare"};
constexpr std::array<std::string_view, 3> kLevels = {"off", "standard", "strict"};
constexpr std::int64_t kUidMax = 4'294'967'294;

template <class Enum, std::size_t kCount>
Enum read_one_of(ObjectReader& reader, std::string_view name,
                 const std::array<std::string_view, kCount>& words) {
  const std::string text = reader.text(name);
  for (std::size_t i = 0; i < kCount; ++i) {
    if (words[i] == text) {
      return static_cast<Enum>(i);
    }
  }
  reader.problem(name, "is none of the words that it can be");
  return static_cast<Enum>(0);
}

std::vector<std::string> read_paths(ObjectReader& reader, std::string_view name) {
  std::vector<std::string> paths;
  for (const std::string_view item : reader.items(name)) {
    const auto json = parse_json(item);
    const std::string* path = json ? as_string(*json) : nullptr;
    if (path == nullptr || !path->starts_with('/') || path->size() > kTextBytesMax) {
      reader.problem(name, "holds something that is no absolute path");
      continue;
    }
    paths.push_back(*path);
  }
  return paths;
}

std::vector<std::int64_t> read_ports(ObjectReader& reader, std::string_view name) {
  std::vector<std::int64_t> ports;
  for (const std::string_view item : reader.items(name)) {
    const auto json = parse_json(item);
    const auto port = json ? as_int(*json) : std::nullopt;
    if (!port || *port < 1 || *port > kPortMax) {
      reader.problem(name, "holds something that is no port, 1 to 65535");
      continue;
    }
    ports.push_back(*port);
  }
  return ports;
}

Sandbox read_sandbox(ObjectReader reader) {
  Sandbox sandbox;
  sandbox.level = read_one_of<SandboxLevel>(reader, "level", kLevels);
  sandbox.read = read_paths(reader, "read");
  sandbox.write = read_paths(reader, "write");
  sandbox.connect = read_ports(reader, "connect");
  sandbox.open_files = reader.integer("open_files", {kOpenFilesMin, kOpenFilesMax});
  if (reader.has("file_size_mb")) {
    sandbox.file_size_mb = reader.integer("file_size_mb", {1, kFileSizeMbMax});
  }
  if (reader.has("required")) {
    sandbox.required = reader.any("required") == "true";
    if (!sandbox.required) {
      reader.problem("required", "can only be true");
    }
  }
  if (reader.has("uid")) {
    sandbox.uid = reader.integer("uid", {1, kUidMax});
  }
  reader.finish();
  return sandbox;
}

void write_sandbox(JsonWriter& writer, const Sandbox& sandbox) {
  writer.begin_object().key("level").string(kLevels[static_cast<std::size_t>(sandbox.level)]);
  for (const auto& [name, paths] :
       {std::pair{"read", &sandbox.read}, std::pair{"write", &sandbox.write}}) {
    writer.key(name).begin_array();
    for (const std::string& path : *paths) {
      writer.string(path);
    }
    writer.end_array();
  }
  writer.key("connect").begin_array();
  for (const std::int64_t port : sandbox.connect) {
    writer.number(port);
  }
  writer.end_array().key("open_files").number(sandbox.open_files);
  if (sandbox.file_size_mb) {
    writer.key("file_size_mb").number(*sandbox.file_size_mb);
  }
  if (sandbox.required) {
    writer.key("required").boolean(true);
  }
  if (sandbox.uid) {
    writer.key("uid").number(*sandbox.uid);
  }
  writer.end_object();
}

}  // namespace

Result<WorkerConfig> parse_worker_config(std::string_view text) {
  auto split = split_json_object(text);
  if (!split) {
    return within("worker config", split.error());
  }
  Problems problems;
  ObjectReader reader(std::move(split->fields), {}, problems);
  WorkerConfig config;
  reader.version();
  config.stream = reader.stream("stream");
  config.crew = reader.crew("crew");
  config.nats_url = reader.text("nats_url", kSomeText);
  config.manifest = reader.text("manifest", kSomeText);
  config.llm = read_llm(reader.object("llm"));
  config.role = read_one_of<WorkerRole>(reader, "role", kRoles);
  if (reader.has("boot_id")) {
    config.boot_id = reader.text("boot_id", kBootIdLength);
  }
  config.sandbox = read_sandbox(reader.object("sandbox"));
  reader.finish();
  if (!problems.empty()) {
    return problems.error("worker config");
  }
  return config;
}

std::string write_worker_config(const WorkerConfig& config) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object().key("v").number(kWireVersion);
  writer.key("stream").string(config.stream.value);
  writer.key("crew").string(config.crew.value);
  writer.key("nats_url").string(config.nats_url);
  writer.key("manifest").string(config.manifest);
  writer.key("llm").begin_object();
  writer.key("base_url").string(config.llm.base_url);
  writer.key("model").string(config.llm.model);
  writer.key("api_key_env").string(config.llm.api_key_env);
  writer.key("timeout_ms").number(config.llm.timeout_ms);
  writer.end_object();
  writer.key("role").string(kRoles[static_cast<std::size_t>(config.role)]);
  if (!config.boot_id.empty()) {
    writer.key("boot_id").string(config.boot_id);
  }
  writer.key("sandbox");
  write_sandbox(writer, config.sandbox);
  writer.end_object();
  return out;
}

}  // namespace lc::proto
