#include "worker/cgroup.h"

#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <string_view>

#include "proto/worker_config.h"

namespace lc::worker {
namespace {

int join_by(int fd) {
  const int error = write(fd, "0", 1) == 1 ? 0 : errno;
  close(fd);
  return error;
}

// `5,6`: the first that fails is told; a process that could not join them all must not go on.
int join_all(std::string_view list) {
  const char* const end = list.data() + list.size();
  for (const char* at = list.data();; ++at) {
    int fd = 0;
    const auto [rest, problem] = std::from_chars(at, end, fd);
    if (problem != std::errc() || fd <= STDERR_FILENO || (rest != end && *rest != ',')) {
      return EBADF;
    }
    if (const int error = join_by(fd); error != 0) {
      return error;
    }
    if (rest == end) {
      return 0;
    }
    at = rest;
  }
}

}  // namespace

int join_cgroup(const char* const* environment) {
  const std::string_view name = proto::kCgroupFdVariable;
  for (; *environment != nullptr; ++environment) {
    const std::string_view entry = *environment;
    if (entry.starts_with(name) && entry.substr(name.size()).starts_with('=')) {
      return join_all(entry.substr(name.size() + 1));
    }
  }
  return 0;
}

}  // namespace lc::worker
