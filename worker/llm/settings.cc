#include "worker/llm/settings.h"

#include <fmt/format.h>

#include <initializer_list>

namespace lc::worker {
namespace {

// The first of these variables that is set and not empty.
std::string first_set(const std::map<std::string, std::string>& environment,
                      std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (const auto found = environment.find(name);
        found != environment.end() && !found->second.empty()) {
      return found->second;
    }
  }
  return {};
}

std::string_view authority(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) {
    return {};
  }
  url.remove_prefix(scheme + 3);
  return url.substr(0, url.find_first_of("/?#"));
}

}  // namespace

std::string printable_url(std::string_view url) {
  const std::string_view whole = authority(url);
  const std::size_t at = whole.rfind('@');
  if (at == std::string_view::npos) {
    return std::string(url);
  }
  const std::size_t start = url.find("://") + 3;
  return std::string(url.substr(0, start)) + std::string(url.substr(start + at + 1));
}

bool is_openai(std::string_view base_url) {
  std::string_view host = authority(base_url);
  host = host.substr(host.rfind('@') + 1);
  host = host.substr(0, host.find(':'));
  return host == "api.openai.com";
}

Result<LlmSettings> resolve_llm(const proto::LlmConfig& config,
                                const std::map<std::string, std::string>& environment) {
  const proto::LlmConfig defaults;
  LlmSettings settings{.base_url = config.base_url,
                       .model = config.model,
                       .key = first_set(environment, {config.api_key_env.c_str()}),
                       .key_variable = config.api_key_env,
                       .organization = first_set(environment, {"OPENAI_ORG_ID"}),
                       .project = first_set(environment, {"OPENAI_PROJECT_ID"}),
                       .timeout_ms = config.timeout_ms};
  if (const std::string url = first_set(environment, {"OPENAI_BASE_URL"});
      config.base_url == defaults.base_url && !url.empty()) {
    settings.base_url = url;
  }
  if (const std::string model = first_set(environment, {"OPENAI_MODEL", "OPENAI_MODEL_NAME"});
      config.model == defaults.model && !model.empty()) {
    settings.model = model;
  }
  while (settings.base_url.ends_with('/')) {
    settings.base_url.pop_back();
  }
  if ((!settings.base_url.starts_with("http://") && !settings.base_url.starts_with("https://")) ||
      authority(settings.base_url).empty()) {
    return fail(ErrorCode::invalid_input,
                fmt::format("llm.base_url '{}' is no http:// or https:// URL",
                            printable_url(settings.base_url)));
  }
  if (settings.key.empty()) {
    if (is_openai(settings.base_url)) {
      return fail(ErrorCode::invalid_input,
                  fmt::format("no key for {}: set {} in the environment, or llm.base_url "
                              "(OPENAI_BASE_URL) to a service that needs none",
                              settings.base_url, settings.key_variable));
    }
    settings.key = "none";  // local servers want a header, not a key
  }
  if (settings.key.find_first_of("\r\n") != std::string::npos) {
    return fail(ErrorCode::invalid_input,
                fmt::format("{} holds a line break: it is no key", settings.key_variable));
  }
  return settings;
}

}  // namespace lc::worker
