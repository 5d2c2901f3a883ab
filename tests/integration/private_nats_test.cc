#include "common/private_nats.h"

#include <doctest/doctest.h>
#include <signal.h>  // NOLINT: kill is POSIX
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "common/fd.h"

namespace lc {
namespace {

bool is_gone(pid_t pid) {
  return ::kill(pid, 0) != 0 && errno == ESRCH;
}

TEST_CASE("private server: it answers on a port of its own, and is gone with its owner") {
  pid_t pid = 0;
  std::string store;
  {
    auto one = PrivateNats::start();
    REQUIRE_MESSAGE(one.has_value(), one.error().message);
    auto two = PrivateNats::start();
    REQUIRE(two.has_value());
    CHECK((*one)->port() > 0);
    CHECK((*one)->port() != (*two)->port());
    CHECK((*one)->url() == "nats://127.0.0.1:" + std::to_string((*one)->port()));
    pid = (*one)->pid();
    store = (*one)->store_dir();
    CHECK_FALSE(is_gone(pid));
    CHECK(std::filesystem::exists((*one)->log_path()));
  }
  CHECK(is_gone(pid));
  CHECK_FALSE(std::filesystem::exists(store));
}

TEST_CASE("private server: a frozen one is stopped too, and starts again on its port") {
  auto server = PrivateNats::start();
  REQUIRE(server.has_value());
  int port = (*server)->port();
  (*server)->freeze();
  (*server)->stop();
  CHECK((*server)->pid() == -1);
  REQUIRE((*server)->restart());
  CHECK((*server)->port() == port);
  (*server)->kill();
  REQUIRE((*server)->restart());
  CHECK((*server)->port() == port);
}

TEST_CASE("private server: storage that was given stays") {
  std::string folder = "/tmp/live-crew-store-XXXXXX";
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  {
    auto server = PrivateNats::start({.store_dir = folder + "/deep/store"});
    REQUIRE(server.has_value());
    CHECK((*server)->store_dir() == folder + "/deep/store");
  }
  CHECK(std::filesystem::exists(folder + "/deep/store/jetstream"));
  std::filesystem::remove_all(folder);
}

TEST_CASE("private server: a missing program is named with what to do") {
  auto server = PrivateNats::start({.binary = "nats-server-that-is-not-there"});
  REQUIRE_FALSE(server.has_value());
  CHECK(server.error() == Error{ErrorCode::not_found,
                                "there is no 'nats-server-that-is-not-there' to run: apt-get "
                                "install nats-server"});
}

TEST_CASE(
    "private server: a program that dies at once, or storage that cannot be, is an error in "
    "words") {
  auto dies = PrivateNats::start({.binary = "false"});
  REQUIRE_FALSE(dies.has_value());
  CHECK(dies.error().code == ErrorCode::unavailable);
  CHECK(dies.error().message.starts_with("'false' ended at once"));
  auto nowhere = PrivateNats::start({.store_dir = "/proc/nowhere"});
  REQUIRE_FALSE(nowhere.has_value());
  CHECK(nowhere.error().message.starts_with("creating the folder '/proc/nowhere': "));
}

TEST_CASE("private server: it does not outlive an owner that is killed") {
  std::string folder = "/tmp/live-crew-orphan-XXXXXX";
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  Pipe pipe = make_pipe().value();
  pid_t owner = ::fork();
  if (owner == 0) {
    ::setenv("TMPDIR", folder.c_str(), 1);  // nobody tidies up after a killed owner, but we do
    auto server = PrivateNats::start();
    pid_t pid = server ? (*server)->pid() : -1;
    bool told = ::write(pipe.write.get(), &pid, sizeof pid) == sizeof pid;
    ::kill(::getpid(), told ? SIGKILL : SIGTERM);
    ::_exit(1);
  }
  pid_t server = -1;
  REQUIRE(::read(pipe.read.get(), &server, sizeof server) == sizeof server);
  REQUIRE(server > 0);
  // The pipe's write end is closed on exec: end of file means that the owner is gone. The server
  // got its SIGKILL from the kernel before its parent could be reaped.
  pipe.write.reset();
  REQUIRE(::waitpid(owner, nullptr, 0) == owner);
  bool gone = false;
  for (int i = 0; i < 10'000'000 && !gone; ++i) {
    gone = is_gone(server);
    ::sched_yield();
  }
  CHECK(gone);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace lc
