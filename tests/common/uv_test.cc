#include "common/uv.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>  // NOLINT: raise
#include <unistd.h>

#include "common/fd.h"

namespace lc {
namespace {

TEST_CASE("uv: a watcher tells that a descriptor is ready, until it is stopped") {
  auto loop = UvLoop::create().value();
  Pipe pipe = make_pipe().value();
  int calls = 0;
  auto watcher = FdWatcher::create(loop->get(), pipe.read.get(), UV_READABLE, [&](int events) {
    CHECK((events & UV_READABLE) != 0);
    char byte = 0;
    CHECK(::read(pipe.read.get(), &byte, 1) == 1);
    if (++calls == 2) {
      loop->stop();
    }
  });
  REQUIRE(watcher.has_value());
  REQUIRE(::write(pipe.write.get(), "ab", 2) == 2);
  loop->run();
  CHECK(calls == 2);
  REQUIRE(::write(pipe.write.get(), "c", 1) == 1);
  (*watcher)->watch(0);
  loop->run_nowait();
  CHECK(calls == 2);
  watcher->reset();
  loop->close();
}

TEST_CASE("uv: a regular file cannot be watched, and says so") {
  auto loop = UvLoop::create().value();
  OwnedFd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  auto watcher = FdWatcher::create(loop->get(), file.get(), UV_READABLE, [](int) {});
  REQUIRE_FALSE(watcher.has_value());
  CHECK(watcher.error().code == ErrorCode::invalid_input);
  loop->close();
}

TEST_CASE("uv: a signal arrives on the loop") {
  auto loop = UvLoop::create().value();
  int calls = 0;
  auto watcher = SignalWatcher::create(loop->get(), SIGUSR1, [&] {
    ++calls;
    loop->stop();
  });
  REQUIRE(watcher.has_value());
  ::raise(SIGUSR1);
  loop->run();
  CHECK(calls == 1);
  watcher->reset();
  loop->close();
}

}  // namespace
}  // namespace lc
