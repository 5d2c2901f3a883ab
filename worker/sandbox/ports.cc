#include "worker/sandbox/ports.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <utility>

#include "common/check.h"

namespace lc::worker {
namespace {

constexpr std::uint16_t kNatsPort = 4222;
constexpr std::uint16_t kDnsPort = 53;
constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

constexpr std::array<std::pair<std::string_view, std::uint16_t>, 4> kSchemes = {
    {{"http", kHttpPort}, {"https", kHttpsPort}, {"ws", kHttpPort}, {"wss", kHttpsPort}}};
constexpr std::array<const char*, 5> kServiceVariables = {
    "OPENAI_BASE_URL", "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"};

std::uint16_t port_of_scheme(std::string_view scheme, std::uint16_t otherwise) {
  for (const auto& [name, port] : kSchemes) {
    if (name == scheme) {
      return port;
    }
  }
  return otherwise;
}

bool is_address(std::string_view host) {
  return host.find(':') != std::string_view::npos ||
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

bool needs_resolving(const Endpoint& endpoint) {
  return !is_address(endpoint.host) && endpoint.host != "localhost";
}

std::vector<Endpoint> endpoints_of_nats(std::string_view urls) {
  std::vector<Endpoint> out;
  while (!urls.empty()) {
    std::string_view url = urls.substr(0, urls.find(','));
    urls.remove_prefix(std::min(url.size() + 1, urls.size()));
    url.remove_prefix(std::min(url.find_first_not_of(' '), url.size()));
    if (const auto endpoint = endpoint_of(url, kNatsPort)) {
      out.push_back(*endpoint);
    }
  }
  return out;
}

// As worker/llm takes it: the variable counts while the configuration is at its default.
std::string model_url(const proto::LlmConfig& llm,
                      const std::map<std::string, std::string>& environment) {
  const auto variable = environment.find("OPENAI_BASE_URL");
  const bool given = variable != environment.end() && !variable->second.empty();
  return given && llm.base_url == proto::LlmConfig().base_url ? variable->second : llm.base_url;
}

}  // namespace

std::optional<Endpoint> endpoint_of(std::string_view url, std::uint16_t port_default) {
  Endpoint endpoint{.host = {}, .port = port_default};
  if (const std::size_t scheme = url.find("://"); scheme != std::string_view::npos) {
    endpoint.port = port_of_scheme(url.substr(0, scheme), port_default);
    url.remove_prefix(scheme + 3);
  }
  url = url.substr(0, url.find_first_of("/?# "));
  url.remove_prefix(url.rfind('@') + 1);  // npos + 1 is 0
  std::size_t host_end = url.find(':');
  if (url.starts_with('[')) {
    host_end = url.find(']');
    if (host_end == std::string_view::npos) {
      return std::nullopt;
    }
    endpoint.host = url.substr(1, host_end - 1);
    host_end += 1;
  } else {
    endpoint.host = url.substr(0, host_end);
  }
  if (endpoint.host.empty()) {
    return std::nullopt;
  }
  if (host_end < url.size()) {
    const std::string_view text = url.substr(host_end + 1);
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), endpoint.port);
    if (error != std::errc() || end != text.data() + text.size() || endpoint.port == 0) {
      return std::nullopt;
    }
  }
  return endpoint;
}

std::vector<std::uint16_t> ports_of(const proto::WorkerConfig& config,
                                    const std::map<std::string, std::string>& environment) {
  std::vector<Endpoint> endpoints = endpoints_of_nats(config.nats_url);
  if (const auto model = endpoint_of(model_url(config.llm, environment), kHttpsPort)) {
    endpoints.push_back(*model);
  }
  std::set<std::uint16_t> ports;
  if (std::ranges::any_of(endpoints, needs_resolving)) {
    ports.insert(kDnsPort);
  }
  if (config.sandbox.level == proto::SandboxLevel::standard) {
    ports.insert({kDnsPort, kHttpPort, kHttpsPort});
    for (const char* name : kServiceVariables) {
      const auto found = environment.find(name);
      const auto service =
          found == environment.end() ? std::nullopt : endpoint_of(found->second, kHttpPort);
      if (service) {
        endpoints.push_back(*service);
      }
    }
  }
  for (const Endpoint& endpoint : endpoints) {
    ports.insert(endpoint.port);
  }
  for (const std::int64_t port : config.sandbox.connect) {
    LC_ASSERT(port >= 1 && port <= proto::kPortMax);
    ports.insert(static_cast<std::uint16_t>(port));
  }
  return {ports.begin(), ports.end()};
}

}  // namespace lc::worker
