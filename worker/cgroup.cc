#include "worker/cgroup.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "proto/worker_config.h"

namespace lc::worker {

int join_cgroup(const char* const* environment) {
  const std::string_view name = proto::kCgroupFdVariable;
  for (; *environment != nullptr; ++environment) {
    const std::string_view entry = *environment;
    if (!entry.starts_with(name) || !entry.substr(name.size()).starts_with('=')) {
      continue;
    }
    const int fd = std::atoi(entry.data() + name.size() + 1);
    if (fd <= STDERR_FILENO) {
      return EBADF;
    }
    const int error = write(fd, "0", 1) == 1 ? 0 : errno;
    close(fd);
    return error;
  }
  return 0;
}

}  // namespace lc::worker
