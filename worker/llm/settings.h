#pragma once

#include <map>
#include <string>
#include <string_view>

#include "common/result.h"
#include "proto/config.h"

namespace lc::worker {

/// Where the model service is and how to call it. The key is never printed.
struct LlmSettings {
  std::string base_url;  // no slash at the end
  std::string model;
  std::string key;
  std::string key_variable;  // where the key came from, for error messages
  std::string organization;
  std::string project;
  std::int64_t timeout_ms = 0;
};

/// Resolves the configuration against the environment: OPENAI_BASE_URL and OPENAI_MODEL (or
/// OPENAI_MODEL_NAME) fill in what the configuration leaves at its default.
///
/// Errors: invalid_input - no http(s) URL, or api.openai.com without a key.
Result<LlmSettings> resolve_llm(const proto::LlmConfig& config,
                                const std::map<std::string, std::string>& environment);

/// The URL without user and password.
std::string printable_url(std::string_view url);

/// Whether the service is OpenAI's own.
bool is_openai(std::string_view base_url);

}  // namespace lc::worker
