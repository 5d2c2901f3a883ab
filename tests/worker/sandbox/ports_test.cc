#include "worker/sandbox/ports.h"

#include <doctest/doctest.h>

namespace lc::worker {
namespace {

using Ports = std::vector<std::uint16_t>;

TEST_CASE("ports: a URL's host and port") {
  struct Row {
    const char* url;
    std::optional<Endpoint> endpoint;
  };
  const Row rows[] = {
      {"nats://127.0.0.1:4333", Endpoint{"127.0.0.1", 4333}},
      {"nats://user:pass@word@host:4333/x", Endpoint{"host", 4333}},
      {"tls://host", Endpoint{"host", 7}},
      {"host:1", Endpoint{"host", 1}},
      {"host", Endpoint{"host", 7}},
      {"https://api.example.org/v1", Endpoint{"api.example.org", 443}},
      {"http://host?x=:9", Endpoint{"host", 80}},
      {"ws://[::1]:80", Endpoint{"::1", 80}},
      {"http://[fe80::1]/v1", Endpoint{"fe80::1", 80}},
      {"http://[::1", std::nullopt},
      {"http://", std::nullopt},
      {"", std::nullopt},
      {"host:0", std::nullopt},
      {"host:65536", std::nullopt},
      {"host:x", std::nullopt},
      {"host:", std::nullopt},
  };
  for (const Row& row : rows) {
    CAPTURE(row.url);
    CHECK(endpoint_of(row.url, 7) == row.endpoint);
  }
}

proto::WorkerConfig config(proto::SandboxLevel level, const char* nats, const char* model) {
  proto::WorkerConfig out;
  out.nats_url = nats;
  out.llm.base_url = model;
  out.sandbox.level = level;
  return out;
}

TEST_CASE("ports: at standard the web and the resolver are there, and every server that is named") {
  auto standard = config(proto::SandboxLevel::standard, "nats://10.0.0.1:4333, tls://n.example.org",
                         "http://10.0.0.2:8080/v1");
  standard.sandbox.connect = {5432, 443};
  CHECK(ports_of(standard, {{"OPENAI_BASE_URL", "http://x:9000/v1"},
                            {"https_proxy", "http://proxy:3128"},
                            {"HTTP_PROXY", "no proxy: at all"}}) ==
        Ports{53, 80, 443, 3128, 4222, 4333, 5432, 8080, 9000});
}

TEST_CASE("ports: at strict only NATS, the model service and what the crew's file lists") {
  auto strict = config(proto::SandboxLevel::strict, "nats://127.0.0.1:4333", "http://[::1]:8080");
  strict.sandbox.connect = {6379};
  CHECK(ports_of(strict, {{"https_proxy", "http://proxy:3128"}}) == Ports{4333, 6379, 8080});
}

TEST_CASE("ports: at strict a name that must be resolved opens 53") {
  CHECK(ports_of(config(proto::SandboxLevel::strict, "nats://localhost", "http://127.0.0.1:80"),
                 {}) == Ports{80, 4222});
  CHECK(ports_of(config(proto::SandboxLevel::strict, "nats://hub", "http://127.0.0.1:80"), {}) ==
        Ports{53, 80, 4222});
}

TEST_CASE("ports: the variable counts where the model service takes it, and nowhere else") {
  const std::map<std::string, std::string> variable = {{"OPENAI_BASE_URL", "http://10.0.0.3:9/v1"}};
  const std::string by_default = proto::LlmConfig().base_url;
  CHECK(ports_of(config(proto::SandboxLevel::strict, "nats://127.0.0.1", by_default.c_str()),
                 variable) == Ports{9, 4222});
  CHECK(ports_of(config(proto::SandboxLevel::strict, "nats://127.0.0.1", "http://10.0.0.2:8"),
                 variable) == Ports{8, 4222});
}

}  // namespace
}  // namespace lc::worker
