#include "supervisor/admin_api.h"

#include <optional>

namespace lc::supervisor {
namespace {

constexpr int kParseError = -32700;
constexpr int kInvalidRequest = -32600;
constexpr int kMethodNotFound = -32601;
constexpr int kInvalidParams = -32602;
constexpr int kOperationFailed = -32000;

struct RpcError {
  int code;
  std::string message;
  std::string_view data = {};
};

using RpcResult = std::expected<Json, RpcError>;

std::string write_answer(const Json& id, const RpcResult& result) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object().key("jsonrpc").string("2.0");
  if (result) {
    writer.key("result").json(*result);
  } else {
    writer.key("error").begin_object();
    writer.key("code").number(result.error().code).key("message").string(result.error().message);
    if (!result.error().data.empty()) {
      writer.key("data").string(result.error().data);
    }
    writer.end_object();
  }
  writer.key("id").json(id).end_object();
  return out;
}

RpcResult with_crew(const JsonObject& request,
                    const std::function<Result<Json>(const CrewId&)>& answer) {
  const Json* params = find(request, "params");
  const JsonObject* members = params == nullptr ? nullptr : as_object(*params);
  const Json* crew = members == nullptr ? nullptr : find(*members, "crew");
  const std::string* name = crew == nullptr ? nullptr : as_string(*crew);
  if (name == nullptr) {
    return std::unexpected(RpcError{kInvalidParams, "params must be {\"crew\": \"NAME\"}"});
  }
  auto id = parse_crew_id(*name);
  if (!id) {
    return std::unexpected(RpcError{kInvalidParams, id.error().message});
  }
  auto answered = answer(*id);
  if (!answered) {
    return std::unexpected(
        RpcError{kOperationFailed, answered.error().message, to_string(answered.error().code)});
  }
  return *std::move(answered);
}

RpcResult change_crew(const JsonObject& request,
                      const std::function<Status(const CrewId&)>& change) {
  return with_crew(request, [&change](const CrewId& crew) -> Result<Json> {
    LC_TRY_STATUS(change(crew));
    return Json(JsonObject{{"crew", crew.value}});
  });
}

RpcResult call(const std::string& method, const JsonObject& request, const AdminHooks& hooks) {
  if (method == "status") {
    return hooks.status();
  }
  if (method == "metrics") {
    return Json(hooks.metrics());
  }
  if (method == "crew.list") {
    return hooks.crews();
  }
  if (method == "crew.show") {
    return with_crew(request, hooks.crew);
  }
  if (method == "crew.enable") {
    return change_crew(request, hooks.enable);
  }
  if (method == "crew.disable") {
    return change_crew(request, hooks.disable);
  }
  return std::unexpected(RpcError{
      kMethodNotFound,
      "no method '" + method +
          "'; there are status, metrics, crew.list, crew.show, crew.enable and crew.disable"});
}

}  // namespace

std::string answer_admin(std::string_view line, const AdminHooks& hooks) {
  auto tree = parse_json(line);
  if (!tree) {
    return write_answer(Json(), std::unexpected(RpcError{kParseError, tree.error().message}));
  }
  const JsonObject* request = as_object(*tree);
  const Json* method_member = request == nullptr ? nullptr : find(*request, "method");
  const std::string* method = method_member == nullptr ? nullptr : as_string(*method_member);
  if (method == nullptr) {
    return write_answer(
        Json(), std::unexpected(RpcError{kInvalidRequest, "not an object with a \"method\""}));
  }
  const Json* id = find(*request, "id");
  const RpcResult result = call(*method, *request, hooks);
  return id == nullptr ? std::string() : write_answer(*id, result);
}

}  // namespace lc::supervisor
