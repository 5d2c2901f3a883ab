#include "common/fd.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace lc {
namespace {

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}

TEST_CASE("fd: a descriptor is closed once, by its last owner") {
  Pipe pipe = make_pipe().value();
  int raw = pipe.read.get();
  {
    OwnedFd owner = std::move(pipe.read);
    CHECK_FALSE(pipe.read);
    CHECK(owner.get() == raw);
    CHECK(is_open(raw));
  }
  CHECK_FALSE(is_open(raw));
}

TEST_CASE("fd: moving onto an open descriptor closes it") {
  Pipe pipe = make_pipe().value();
  int replaced = pipe.write.get();
  pipe.write = std::move(pipe.read);
  CHECK_FALSE(is_open(replaced));
  CHECK(is_open(pipe.write.get()));
}

TEST_CASE("fd: pipes are closed on exec, and may be made non-blocking") {
  Pipe pipe = make_pipe().value();
  CHECK((::fcntl(pipe.read.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK((::fcntl(pipe.write.get(), F_GETFD) & FD_CLOEXEC) != 0);
  REQUIRE(set_nonblocking(pipe.read.get()));
  char byte = 0;
  CHECK(::read(pipe.read.get(), &byte, 1) == -1);
  CHECK(errno == EAGAIN);
}

TEST_CASE("fd: an errno says what failed and what may be done") {
  CHECK(errno_error("opening 'x'", ENOENT) ==
        Error{ErrorCode::not_found, "opening 'x': No such file or directory"});
  CHECK(errno_error("x", EACCES).code == ErrorCode::denied);
  CHECK(errno_error("x", EMFILE).code == ErrorCode::overloaded);
  CHECK(errno_error("x", EADDRINUSE).code == ErrorCode::conflict);
  CHECK(errno_error("x", EIO).code == ErrorCode::unavailable);
  CHECK_FALSE(set_nonblocking(-1).has_value());
}

}  // namespace
}  // namespace lc
