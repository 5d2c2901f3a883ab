#pragma once

#include <string>
#include <string_view>

#include "common/result.h"
#include "worker/llm/model.h"

// The messages of `POST /chat/completions`, as OpenAI's service and those that copy it speak them.
namespace lc::worker {

enum class TokenLimitName { max_tokens, max_completion_tokens };

std::string write_chat_request(const ChatRequest& request, TokenLimitName limit_name);

/// Reads the answer of a request that the service says went well. Tolerates what services leave out
/// or get wrong: null content, no usage, text in parts, unknown fields.
///
/// Errors: unavailable - no JSON, an error in place of an answer, no choices; denied - refused.
Result<ChatAnswer> parse_chat_answer(std::string_view body);

/// What an error body says; `{"error":{"message","code"}}`, `{"error":"words"}`, `{"detail"}`, or
/// its first words when it is no JSON.
struct ServiceError {
  std::string message;
  std::string code;
};
ServiceError parse_service_error(std::string_view body);

}  // namespace lc::worker
