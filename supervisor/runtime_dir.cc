#include "supervisor/runtime_dir.h"

#include <fmt/format.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdint>
#include <string_view>

namespace lc::supervisor {
namespace {

constexpr std::size_t kSocketPathBytesMax = sizeof(sockaddr_un::sun_path) - 1;

std::string runtime_dir(const Environment& environment) {
  if (const auto set = environment.find("LIVE_CREW_RUNTIME_DIR"); set != environment.end()) {
    return set->second;
  }
  if (geteuid() == 0) {
    return "/run/live-crew";
  }
  if (const auto xdg = environment.find("XDG_RUNTIME_DIR"); xdg != environment.end()) {
    return xdg->second + "/live-crew";
  }
  return fmt::format("/tmp/live-crew-{}", geteuid());
}

// FNV-1a, 64 bits.
std::uint64_t fingerprint(std::string_view text) {
  std::uint64_t hash = 14'695'981'039'346'656'037U;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211U;
  }
  return hash;
}

}  // namespace

std::string admin_socket_path(const std::string& stream, const Environment& environment) {
  const std::string folder = runtime_dir(environment) + "/";
  const std::string path = folder + stream + ".sock";
  if (path.size() <= kSocketPathBytesMax) {
    return path;
  }
  // Its beginning for people, the rest to tell it from others that begin so.
  const std::string rest = fmt::format("-{:016x}.sock", fingerprint(stream));
  const std::size_t taken = folder.size() + rest.size();
  const std::size_t room = taken < kSocketPathBytesMax ? kSocketPathBytesMax - taken : 0;
  return folder + stream.substr(0, room) + rest;
}

}  // namespace lc::supervisor
