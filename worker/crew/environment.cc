#include "worker/crew/environment.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

namespace lc::worker {
namespace {

// What programs need to find things, speak a language, and reach a model service.
constexpr std::array<std::string_view, 29> kPassed = {"HOME",
                                                      "HTTPS_PROXY",
                                                      "HTTP_PROXY",
                                                      "LANG",
                                                      "LANGUAGE",
                                                      "LOGNAME",
                                                      "LOG_LEVEL",
                                                      "NO_PROXY",
                                                      "OPENAI_API_KEY",
                                                      "OPENAI_BASE_URL",
                                                      "OPENAI_MODEL",
                                                      "OPENAI_MODEL_NAME",
                                                      "OPENAI_ORG_ID",
                                                      "OPENAI_PROJECT_ID",
                                                      "PATH",
                                                      "PYTHONPATH",
                                                      "RES_OPTIONS",
                                                      "SHELL",
                                                      "SSL_CERT_DIR",
                                                      "SSL_CERT_FILE",
                                                      "TMPDIR",
                                                      "TZ",
                                                      "USER",
                                                      "VIRTUAL_ENV",
                                                      "https_proxy",
                                                      "http_proxy",
                                                      "no_proxy",
                                                      "LD_LIBRARY_PATH",
                                                      "TERM"};

std::vector<std::string> split_names(const std::string& list) {
  std::vector<std::string> names;
  std::size_t at = 0;
  while (at <= list.size()) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    if (end > at) {
      names.push_back(list.substr(at, end - at));
    }
    at = end + 1;
  }
  return names;
}

bool has_package(const std::filesystem::path& folder) {
  std::error_code error;
  return std::filesystem::exists(folder / "live_crew" / "__main__.py", error);
}

}  // namespace

Environment read_environment(const char* const* entries) {
  Environment out;
  for (; *entries != nullptr; ++entries) {
    const std::string_view text = *entries;
    if (const std::size_t equals = text.find('='); equals != std::string_view::npos) {
      out.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return out;
}

Environment program_environment(const Environment& own, const proto::WorkerConfig& config,
                                const std::string& python_dir) {
  Environment out;
  std::vector<std::string> extra;
  if (const auto names = own.find("LIVE_CREW_PASS_ENV"); names != own.end()) {
    extra = split_names(names->second);
  }
  for (const auto& [name, value] : own) {
    const bool listed = std::find(kPassed.begin(), kPassed.end(), name) != kPassed.end() ||
                        name.starts_with("LC_") ||
                        std::find(extra.begin(), extra.end(), name) != extra.end();
    if (listed) {
      out.emplace(name, value);
    }
  }
  out["LIVE_CREW_STREAM"] = config.stream.value;
  out["LIVE_CREW_CREW"] = config.crew.value;
  out["LIVE_CREW_MANIFEST"] = std::filesystem::absolute(config.manifest).string();
  if (!python_dir.empty()) {
    std::string& path = out["PYTHONPATH"];
    path = path.empty() ? python_dir : python_dir + ":" + path;
  }
  return out;
}

std::vector<std::string> to_words(const Environment& environment) {
  std::vector<std::string> out;
  for (const auto& [name, value] : environment) {
    out.push_back(name + "=" + value);
  }
  return out;
}

std::string find_python_dir(const Environment& own) {
  namespace fs = std::filesystem;
  if (const auto given = own.find("LIVE_CREW_PYTHON_DIR"); given != own.end()) {
    return given->second;
  }
  std::error_code error;
  const fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const fs::path& candidate :
       {folder / ".." / "share" / "live-crew" / "python",  // installed, also when moved as a whole
        folder / ".." / ".." / "worker" / "python",        // a build folder in the sources
        fs::path(LC_PYTHON_INSTALL_DIR)}) {
    if (has_package(candidate)) {
      return candidate.lexically_normal().string();
    }
  }
  return {};
}

}  // namespace lc::worker
