#include "proto/worker_config.h"

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
  writer.end_object().end_object();
  return out;
}

}  // namespace lc::proto
