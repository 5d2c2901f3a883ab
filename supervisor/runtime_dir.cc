#include "supervisor/runtime_dir.h"

#include <fmt/format.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/fingerprint.h"

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

std::string kill_reports_folder(const std::string& stream, const std::string& state_dir,
                                const Environment& environment) {
  if (!state_dir.empty()) {
    return state_dir + "/kills";
  }
  for (const char* name : {"LIVE_CREW_STATE_DIR", "STATE_DIRECTORY"}) {
    if (const auto set = environment.find(name); set != environment.end()) {
      return set->second + "/kills";
    }
  }
  return fmt::format("{}/{}.kills", runtime_dir(environment), stream);
}

}  // namespace lc::supervisor
