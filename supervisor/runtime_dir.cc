#include "supervisor/runtime_dir.h"

#include <fmt/format.h>
#include <unistd.h>

namespace lc::supervisor {
namespace {

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
  return runtime_dir(environment) + "/" + stream + ".sock";
}

}  // namespace lc::supervisor
