#include "worker/llm/chat.h"

#include <fmt/format.h>

#include <array>

#include "common/json.h"

namespace lc::worker {
namespace {

constexpr std::size_t kQuoteBytes = 200;

void write_message(JsonWriter& writer, std::string_view role, std::string_view content) {
  if (content.empty()) {
    return;
  }
  writer.begin_object().key("role").string(role).key("content").string(content).end_object();
}

const Json* member(const Json* json, std::string_view key) {
  const JsonObject* object = json != nullptr ? as_object(*json) : nullptr;
  return object != nullptr ? find(*object, key) : nullptr;
}

const std::string* text_member(const Json* json, std::string_view key) {
  const Json* found = member(json, key);
  return found != nullptr ? as_string(*found) : nullptr;
}

const Json* first_item(const Json* json) {
  const JsonArray* array = json != nullptr ? as_array(*json) : nullptr;
  return array != nullptr && !array->empty() ? &array->front() : nullptr;
}

// Some services send the content as a list of parts.
std::string content_text(const Json* content) {
  if (content == nullptr) {
    return {};
  }
  if (const std::string* text = as_string(*content)) {
    return *text;
  }
  std::string out;
  if (const JsonArray* parts = as_array(*content)) {
    for (const Json& part : *parts) {
      if (const std::string* text = text_member(&part, "text")) {
        out += *text;
      }
    }
  }
  return out;
}

std::string read_usage(const Json& answer) {
  static constexpr std::array<std::string_view, 3> kCounts = {"completion_tokens", "prompt_tokens",
                                                              "total_tokens"};
  JsonObject usage;
  for (const std::string_view name : kCounts) {
    const Json* count = member(member(&answer, "usage"), name);
    if (count != nullptr && as_int(*count)) {
      usage.emplace_back(name, *count);
    }
  }
  if (const std::string* model = text_member(&answer, "model")) {
    usage.emplace_back("model", *model);
  }
  return write_canonical_json(Json(std::move(usage)));
}

std::string first_words(std::string_view body) {
  std::string out(body.substr(0, kQuoteBytes));
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7F) {
      c = ' ';
    }
  }
  return out;
}

}  // namespace

std::string write_chat_request(const ChatRequest& request, TokenLimitName limit_name) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object().key("model").string(request.model).key("messages").begin_array();
  write_message(writer, "system", request.system);
  write_message(writer, "user", request.user);
  writer.end_array();
  if (request.temperature) {
    writer.key("temperature").raw(*request.temperature);
  }
  if (request.max_tokens) {
    writer.key(limit_name == TokenLimitName::max_tokens ? "max_tokens" : "max_completion_tokens")
        .number(*request.max_tokens);
  }
  writer.key("stream").boolean(false).end_object();
  return out;
}

ServiceError parse_service_error(std::string_view body) {
  const auto json = parse_json(body);
  if (!json) {
    return {.message = first_words(body)};
  }
  const Json* error = member(&*json, "error");
  ServiceError out;
  if (const std::string* message = text_member(error, "message")) {
    out.message = *message;
  } else if (error != nullptr && as_string(*error) != nullptr) {
    out.message = *as_string(*error);
  } else if (const std::string* detail = text_member(&*json, "detail")) {
    out.message = *detail;
  } else {
    out.message = first_words(body);
  }
  if (const std::string* code = text_member(error, "code")) {
    out.code = *code;
  }
  return out;
}

Result<ChatAnswer> parse_chat_answer(std::string_view body) {
  const auto json = parse_json(body);
  if (!json) {
    return fail(ErrorCode::unavailable, fmt::format("the answer is no JSON ({}): {}",
                                                    json.error().message, first_words(body)));
  }
  const Json* error = member(&*json, "error");
  if (error != nullptr && !is_null(*error)) {
    return fail(ErrorCode::unavailable, parse_service_error(body).message);
  }
  const Json* choice = first_item(member(&*json, "choices"));
  const Json* message = member(choice, "message");
  if (message == nullptr) {
    return fail(ErrorCode::unavailable,
                fmt::format("the answer has no choices[0].message: {}", first_words(body)));
  }
  ChatAnswer answer{.text = content_text(member(message, "content")), .usage = read_usage(*json)};
  if (answer.text.empty()) {
    if (const std::string* refusal = text_member(message, "refusal")) {
      return fail(ErrorCode::denied, "the model refused: " + *refusal);
    }
    if (const std::string* reason = text_member(choice, "finish_reason");
        reason != nullptr && *reason == "content_filter") {
      return fail(ErrorCode::denied, "the service's content filter removed the answer");
    }
  }
  return answer;
}

}  // namespace lc::worker
