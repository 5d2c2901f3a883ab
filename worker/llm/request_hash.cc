#include "worker/llm/request_hash.h"

#include "common/json.h"
#include "common/sha256.h"

namespace lc::worker {

std::string canonical_request(const ChatRequest& request) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object().key("model").string(request.model);
  writer.key("system").string(request.system).key("user").string(request.user);
  writer.key("temperature").raw(request.temperature.value_or("null"));
  writer.key("max_tokens");
  if (request.max_tokens) {
    writer.number(*request.max_tokens);
  } else {
    writer.null();
  }
  writer.end_object();
  return out;
}

std::string request_hash(const ChatRequest& request) {
  return to_hex(sha256(canonical_request(request)));
}

}  // namespace lc::worker
