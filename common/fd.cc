#include "common/fd.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

namespace lc {

void OwnedFd::reset(int fd) {
  if (fd_ >= 0 && fd_ != fd) {
    ::close(fd_);  // EINTR closes too on Linux: never close twice
  }
  fd_ = fd;
}

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return std::unexpected(errno_error("creating a pipe", errno));
  }
  return Pipe{OwnedFd(ends[0]), OwnedFd(ends[1])};
}

namespace {

Status add_flag(int fd, int get, int set, int flag) {
  int flags = ::fcntl(fd, get);
  if (flags < 0 || ::fcntl(fd, set, flags | flag) != 0) {
    return std::unexpected(errno_error("setting a descriptor's flags", errno));
  }
  return {};
}

}  // namespace

Status set_nonblocking(int fd) {
  return add_flag(fd, F_GETFL, F_SETFL, O_NONBLOCK);
}

Status set_cloexec(int fd) {
  return add_flag(fd, F_GETFD, F_SETFD, FD_CLOEXEC);
}

Error errno_error(std::string_view what, int error_number) {
  ErrorCode code = ErrorCode::unavailable;
  switch (error_number) {
    case ENOENT:
      code = ErrorCode::not_found;
      break;
    case EACCES:
    case EPERM:
      code = ErrorCode::denied;
      break;
    case EMFILE:
    case ENFILE:
      code = ErrorCode::overloaded;
      break;
    case EADDRINUSE:
    case EEXIST:
      code = ErrorCode::conflict;
      break;
    default:
      break;
  }
  return {code, std::string(what) + ": " + std::generic_category().message(error_number)};
}

}  // namespace lc
