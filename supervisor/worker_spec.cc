#include "supervisor/worker_spec.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "proto/cassette.h"
#include "proto/worker_config.h"

namespace lc::supervisor {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 27> kPassedOn = {"HOME",
                                                        "HTTPS_PROXY",
                                                        "HTTP_PROXY",
                                                        "LANG",
                                                        "LC_ALL",
                                                        "LC_CTYPE",
                                                        "LD_LIBRARY_PATH",
                                                        "LOGNAME",
                                                        "NO_PROXY",
                                                        "OPENAI_API_KEY",
                                                        "OPENAI_BASE_URL",
                                                        "OPENAI_MODEL",
                                                        "OPENAI_MODEL_NAME",
                                                        "OPENAI_ORG_ID",
                                                        "OPENAI_PROJECT_ID",
                                                        "PATH",
                                                        "PYTHONPATH",
                                                        "SSL_CERT_DIR",
                                                        "SSL_CERT_FILE",
                                                        "TERM",
                                                        "TMPDIR",
                                                        "TZ",
                                                        "USER",
                                                        "VIRTUAL_ENV",
                                                        "http_proxy",
                                                        "https_proxy",
                                                        "no_proxy"};
constexpr std::array<std::string_view, 3> kOwnPassedOn = {"LIVE_CREW_PYTHON_DIR", "LOG_LEVEL",
                                                          "ASAN_OPTIONS"};

// Workers have a folder of their own.
std::string absolute_path(const std::string& path) {
  return path.empty() ? path : fs::absolute(path).lexically_normal().string();
}

bool is_executable(const fs::path& path) {
  return access(path.c_str(), X_OK) == 0 && fs::is_regular_file(path);
}

std::vector<fs::path> worker_places(const Environment& environment) {
  std::vector<fs::path> places;
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error).parent_path();
  if (!error) {
    places.push_back(self / "lcworker");
    places.push_back(self / ".." / "worker" / "lcworker");
    places.push_back(self / ".." / ".." / "worker" / "lcworker");
  }
  const auto path = environment.find("PATH");
  std::string_view rest = path == environment.end() ? "" : std::string_view(path->second);
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    places.push_back(fs::path(rest.substr(0, colon)) / "lcworker");
    rest = colon == std::string_view::npos ? "" : rest.substr(colon + 1);
  }
  return places;
}

}  // namespace

Environment read_environment(const char* const* entries) {
  Environment environment;
  for (; *entries != nullptr; ++entries) {
    const std::string_view text = *entries;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) {
      environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return environment;
}

std::vector<std::string> worker_environment(const Environment& environment,
                                            const proto::LlmConfig& llm) {
  const auto more = environment.find("LIVE_CREW_PASS_ENV");
  const std::string also = more == environment.end() ? "" : "," + more->second + ",";
  std::vector<std::string> out;
  for (const auto& [name, value] : environment) {
    const bool passed = std::ranges::count(kPassedOn, name) > 0 ||
                        std::ranges::count(kOwnPassedOn, name) > 0 ||
                        name == proto::kCassetteVariable || name == llm.api_key_env ||
                        also.find("," + name + ",") != std::string::npos;
    if (passed) {
      out.push_back(name + "=" + (name == proto::kCassetteVariable ? absolute_path(value) : value));
    }
  }
  return out;
}

namespace {

std::vector<std::string> absolute(const std::vector<std::string>& paths) {
  std::vector<std::string> out;
  out.reserve(paths.size());
  for (const std::string& path : paths) {
    out.push_back(absolute_path(path));
  }
  return out;
}

std::string with_crew(std::string url, const CrewId& crew) {
  constexpr std::string_view kCrew = "{crew}";
  for (auto at = url.find(kCrew); at != std::string::npos; at = url.find(kCrew, at)) {
    url.replace(at, kCrew.size(), crew.value);
    at += crew.value.size();
  }
  return url;
}

proto::Sandbox sandbox_of(const proto::Manifest& manifest, const WorkerSpecOptions& options) {
  proto::Sandbox sandbox = manifest.sandbox;
  sandbox.read = absolute(sandbox.read);
  sandbox.write = absolute(sandbox.write);
  sandbox.required = options.require_sandbox;
  sandbox.uid = options.uid;
  return sandbox;
}

}  // namespace

process::WorkerSpec worker_spec(const proto::Manifest& manifest, const WorkerSpecOptions& options) {
  process::WorkerSpec spec;
  spec.crew = manifest.crew;
  spec.argv = {options.worker_binary, "--stream", options.stream.value, "--crew",
               manifest.crew.value};
  spec.env = worker_environment(options.environment, options.llm);
  proto::WorkerConfig config{.stream = options.stream,
                             .crew = manifest.crew,
                             .nats_url = with_crew(options.nats_url, manifest.crew),
                             .manifest = fs::absolute(manifest.where.file).string(),
                             .llm = options.llm,
                             .boot_id = options.boot_id,
                             .sandbox = sandbox_of(manifest, options)};
  spec.stdin_line = proto::write_worker_config(config);
  config.role = proto::WorkerRole::spare;
  spec.spare_line = proto::write_worker_config(config);
  spec.init_timeout = millis(manifest.init_timeout_ms);
  if (manifest.idle_timeout_ms) {
    spec.idle_timeout = millis(*manifest.idle_timeout_ms);
  }
  spec.spares = proto::spare_count(manifest);
  spec.limits = manifest.limits;
  spec.folder = fs::absolute(manifest.folder).string();
  return spec;
}

Result<std::string> find_worker_binary(const Environment& environment) {
  if (const auto named = environment.find("LIVE_CREW_WORKER"); named != environment.end()) {
    if (is_executable(named->second)) {
      return fs::absolute(named->second).string();
    }
    return fail(ErrorCode::not_found,
                "LIVE_CREW_WORKER names '" + named->second + "', which is no executable file");
  }
  const std::vector<fs::path> places = worker_places(environment);
  for (const fs::path& place : places) {
    if (is_executable(place)) {
      return fs::weakly_canonical(place).string();
    }
  }
  std::vector<std::string> tried;
  tried.reserve(places.size());
  for (const fs::path& place : places) {
    tried.push_back(place.lexically_normal().string());
  }
  return fail(ErrorCode::not_found, fmt::format("no lcworker found; tried {}; set LIVE_CREW_WORKER",
                                                fmt::join(tried, ", ")));
}

}  // namespace lc::supervisor
