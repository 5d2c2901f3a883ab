#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "common/fd.h"
#include "worker/sandbox/bpf.h"
#include "worker/sandbox/landlock.h"
#include "worker/sandbox/seccomp.h"

namespace lc::worker {
namespace {

/// What `lcworker --probe-sandbox` writes on a kernel that does not know some system calls.
std::string probe_without(const std::vector<long>& calls) {
  auto pipe = make_pipe();
  REQUIRE(pipe);
  const char* program = std::getenv("LCWORKER");
  REQUIRE(program != nullptr);
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    Bpf filter = native_calls_only();
    for (const long call : calls) {
      filter = join({filter, on_call(call, verdict(refuse_with(ENOSYS)))});
    }
    if (install_filter(join({filter, verdict(kAllow)})) != Installed::yes) {
      _exit(77);
    }
    dup2(pipe->write.get(), STDOUT_FILENO);
    execl(program, program, "--probe-sandbox", nullptr);
    _exit(127);
  }
  pipe->write.reset();
  std::string said;
  std::array<char, 4096> chunk{};
  for (ssize_t n = 1; n > 0;) {
    n = read(pipe->read.get(), chunk.data(), chunk.size());
    said.append(chunk.data(), static_cast<std::size_t>(n > 0 ? n : 0));
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WEXITSTATUS(status) == 77 ? "no seccomp" : said;
}

/// Runs `body` in a child and gives its exit code: what it does to itself is for good.
int in_child(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    _exit(body());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

int errno_of_open(const char* path, int flags) {
  return OwnedFd(open(path, flags | O_CLOEXEC)) ? 0 : errno;
}

// What is wrong with a process that may read /usr, as a kernel of version `abi` would keep it; 0:
// nothing.
int judge_confined(int abi) {
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const Reach reach{.places = {{.path = "/usr", .access = Access::read},
                               {.path = "/dev/null", .access = Access::device},
                               {.path = "/no/such/place", .access = Access::change}},
                    .ports = {7}};
  if (!restrict_to(reach, abi)) {
    return 1;
  }
  if (errno_of_open("/usr/bin/env", O_RDONLY) != 0 || errno_of_open("/dev/null", O_RDWR) != 0) {
    return 2;
  }
  if (errno_of_open("/etc/passwd", O_RDONLY) != EACCES ||
      errno_of_open("/dev/zero", O_RDONLY) != EACCES) {
    return 3;
  }
  const OwnedFd tcp(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in anywhere{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {}, .sin_zero = {}};
  const int rc = bind(tcp.get(), reinterpret_cast<sockaddr*>(&anywhere), sizeof anywhere);
  if ((rc != 0 && errno == EACCES) != (abi >= kLandlockNetAbi)) {
    return 4;
  }
  const int signalled = kill(getppid(), 0);
  return (signalled != 0 && errno == EPERM) == (abi >= kLandlockScopesAbi) ? 0 : 5;
}

TEST_CASE("G16 a kernel with an older Landlock keeps to what that knows") {
  if (landlock_abi() == 0) {
    std::printf("SKIPPED: G16 a kernel with an older Landlock: this one has none\n");
  }
  for (int abi = 1; abi <= landlock_abi(); ++abi) {
    CAPTURE(abi);
    CHECK(in_child([abi] { return judge_confined(abi); }) == 0);
  }
}

TEST_CASE("landlock: a place that must be there and is not is named") {
  if (landlock_abi() == 0) {
    std::printf("SKIPPED: landlock a place that is not there: this kernel has none\n");
    return;
  }
  const auto status =
      restrict_to({.places = {{.path = "/no/such/place", .access = Access::read, .required = true}},
                   .ports = {}},
                  landlock_abi());
  REQUIRE_FALSE(status);
  CHECK(status.error().code == ErrorCode::not_found);
  CHECK(status.error().message == "/no/such/place: No such file or directory");
}

TEST_CASE("G16 a kernel without Landlock or seccomp is told, and no error") {
  const std::string without_landlock = probe_without({SYS_landlock_create_ruleset});
  if (without_landlock == "no seccomp") {
    std::printf("SKIPPED: G16 a kernel without Landlock or seccomp: this one has no seccomp\n");
    return;
  }
  CHECK(
      without_landlock ==
      R"({"landlock_abi":0,"seccomp":true,"missing":["landlock","landlock_net","landlock_scopes"]})"
      "\n");
  const std::string without_seccomp = probe_without({SYS_seccomp});
  CHECK(without_seccomp.find(R"("seccomp":false)") != std::string::npos);
  CHECK(without_seccomp.find(R"("seccomp"]})") != std::string::npos);
}

}  // namespace
}  // namespace lc::worker
