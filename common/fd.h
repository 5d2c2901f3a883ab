#pragma once

#include <string_view>
#include <utility>

#include "common/result.h"

namespace lc {

/// Owns one file descriptor; closes it once.
class OwnedFd {
 public:
  OwnedFd() = default;
  explicit OwnedFd(int fd) : fd_(fd) {}
  OwnedFd(OwnedFd&& other) noexcept : fd_(other.release()) {}
  OwnedFd& operator=(OwnedFd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  OwnedFd(const OwnedFd&) = delete;
  OwnedFd& operator=(const OwnedFd&) = delete;
  ~OwnedFd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

struct Pipe {
  OwnedFd read;
  OwnedFd write;
};

/// A pipe whose two ends are closed on exec.
///
/// Errors: overloaded - no descriptors left.
Result<Pipe> make_pipe();

Status set_nonblocking(int fd);
Status set_cloexec(int fd);

/// `opening /run/x: No such file or directory` for an errno; ENOENT is not_found, EACCES and EPERM
/// are denied, EMFILE and ENFILE are overloaded, EADDRINUSE and EEXIST are conflict, the rest is
/// unavailable.
Error errno_error(std::string_view what, int error_number);

}  // namespace lc
