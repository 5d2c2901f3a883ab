#include "worker/sandbox/rlimits.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>

#include "common/fd.h"

namespace lc::worker {
namespace {

constexpr rlim_t kBytesOfMib = rlim_t{1} << 20U;

Status limit(__rlimit_resource which, const char* name, rlim_t value) {
  rlimit now{};
  if (getrlimit(which, &now) != 0) {
    return std::unexpected(errno_error(name, errno));
  }
  const rlim_t most = std::min(value, now.rlim_max);
  const rlimit wanted{.rlim_cur = most, .rlim_max = most};
  if (setrlimit(which, &wanted) != 0) {
    return std::unexpected(errno_error(fmt::format("{} {}", name, most), errno));
  }
  return {};
}

}  // namespace

Status limit_resources(const proto::Sandbox& sandbox) {
  // Not 0: a core_pattern that is a pipe ignores 0, and 1 is too small for any core file.
  LC_TRY_STATUS(limit(RLIMIT_CORE, "RLIMIT_CORE", 1));
  LC_TRY_STATUS(limit(RLIMIT_NOFILE, "RLIMIT_NOFILE", static_cast<rlim_t>(sandbox.open_files)));
  if (sandbox.file_size_mb) {
    return limit(RLIMIT_FSIZE, "RLIMIT_FSIZE",
                 static_cast<rlim_t>(*sandbox.file_size_mb) * kBytesOfMib);
  }
  return {};
}

}  // namespace lc::worker
