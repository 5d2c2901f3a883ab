#include "worker/llm/settings.h"

#include <doctest/doctest.h>

namespace lc::worker {
namespace {

TEST_CASE("settings: the environment fills in what the configuration leaves open") {
  const std::map<std::string, std::string> environment = {
      {"OPENAI_BASE_URL", "http://a/v1//"}, {"OPENAI_MODEL_NAME", "m"}, {"OPENAI_API_KEY", "k"}};
  const auto settings = resolve_llm({}, environment);
  REQUIRE(settings);
  CHECK(settings->base_url == "http://a/v1");
  CHECK(settings->model == "m");
  CHECK(settings->key == "k");
  proto::LlmConfig config;
  config.base_url = "http://b/v1";
  config.model = "own";
  config.api_key_env = "OTHER_KEY";
  const auto own = resolve_llm(config, environment);
  REQUIRE(own);
  CHECK(own->base_url == "http://b/v1");
  CHECK(own->model == "own");
  CHECK(own->key == "none");
}

TEST_CASE("settings: OpenAI's own service needs a key, others do not") {
  CHECK_FALSE(resolve_llm({}, {}));
  CHECK(resolve_llm({}, {{"OPENAI_BASE_URL", "http://127.0.0.1:8080/v1"}}));
  CHECK(is_openai("https://api.openai.com/v1"));
  CHECK(is_openai("https://u:p@api.openai.com:443/v1"));
  CHECK_FALSE(is_openai("https://api.openai.com.evil.example/v1"));
  CHECK_FALSE(is_openai("http://localhost/api.openai.com"));
}

TEST_CASE("settings: a URL is printed without user and password") {
  CHECK(printable_url("http://u:p@host/v1") == "http://host/v1");
  CHECK(printable_url("http://host/a@b") == "http://host/a@b");
  CHECK_FALSE(resolve_llm({}, {{"OPENAI_BASE_URL", "host:80/v1"}}));
  CHECK_FALSE(resolve_llm({}, {{"OPENAI_BASE_URL", "http://"}}));
}

}  // namespace
}  // namespace lc::worker
