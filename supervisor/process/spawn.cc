#include "supervisor/process/spawn.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "common/check.h"
#include "supervisor/process/pidfd.h"

namespace lc::process {
namespace {

constexpr int kStatusFd = 3;
constexpr int kFirstForeignFd =
    kDoorFd + static_cast<int>(kDoorsMax);  // everything from here on is closed in the child

class Attributes {
 public:
  Attributes() { LC_ASSERT(::posix_spawnattr_init(&attr_) == 0); }
  ~Attributes() { ::posix_spawnattr_destroy(&attr_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;

  /// Own session, nothing blocked, nothing ignored: whatever our own parent left us with.
  void isolate() {
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    LC_ASSERT(::posix_spawnattr_setsigmask(&attr_, &none) == 0);
    LC_ASSERT(::posix_spawnattr_setsigdefault(&attr_, &all) == 0);
    LC_ASSERT(::posix_spawnattr_setflags(&attr_, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
                                                     POSIX_SPAWN_SETSIGDEF) == 0);
  }
  const posix_spawnattr_t* get() const { return &attr_; }

 private:
  posix_spawnattr_t attr_{};
};

/// What the child does to its descriptors and folder; an out-of-memory while listing it is the
/// first error of `status()`.
class FileActions {
 public:
  FileActions() { note(::posix_spawn_file_actions_init(&actions_)); }
  ~FileActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;

  void give(const OwnedFd& fd, int as) {
    note(::posix_spawn_file_actions_adddup2(&actions_, fd.get(), as));
  }
  void close_from(int fd) { note(::posix_spawn_file_actions_addclosefrom_np(&actions_, fd)); }
  void enter(const std::string& folder) {
    note(::posix_spawn_file_actions_addchdir_np(&actions_, folder.c_str()));
  }
  int error() const { return error_; }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  void note(int error) { error_ = error_ == 0 ? error : error_; }

  posix_spawn_file_actions_t actions_{};
  int error_ = 0;
};

/// The child's end must lie above the numbers that it is copied to, or one copy would overwrite the
/// next one's source (we may have been started with descriptor 0 closed).
Status lift(OwnedFd& fd) {
  if (fd.get() >= kFirstForeignFd) {
    return {};
  }
  const int lifted = ::fcntl(fd.get(), F_DUPFD_CLOEXEC, kFirstForeignFd);
  if (lifted < 0) {
    return std::unexpected(errno_error("duplicating a descriptor", errno));
  }
  fd.reset(lifted);
  return {};
}

Result<std::vector<char*>> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  out.reserve(strings.size() + 1);
  for (const std::string& string : strings) {
    if (string.find('\0') != std::string::npos) {
      return fail(ErrorCode::invalid_input,
                  fmt::format("argument or variable '{}' has a NUL in it", string.c_str()));
    }
    out.push_back(const_cast<char*>(string.c_str()));  // posix_spawn does not write to them
  }
  out.push_back(nullptr);
  return out;
}

/// The line waits in the pipe, so the child can read it whenever it likes.
Status write_line(const OwnedFd& pipe, const std::string& line) {
  if (line.size() > kStdinLineBytesMax) {
    return fail(ErrorCode::invalid_input,
                fmt::format("the configuration line is {} bytes, at most {} are possible",
                            line.size(), kStdinLineBytesMax));
  }
  LC_TRY_STATUS(set_nonblocking(pipe.get()));
  const std::string text = line + "\n";
  const ssize_t written = ::write(pipe.get(), text.data(), text.size());
  if (written < 0) {
    return std::unexpected(errno_error("writing the configuration line", errno));
  }
  if (static_cast<std::size_t>(written) != text.size()) {
    return fail(ErrorCode::overloaded,
                fmt::format("a pipe took {} of the {} bytes of the configuration line: see "
                            "/proc/sys/fs/pipe-user-pages-soft",
                            written, text.size()));
  }
  return {};
}

/// Children of this thread are born into a new PID namespace while it lives.
class NewPidNamespace {
 public:
  static Result<std::unique_ptr<NewPidNamespace>> enter() {
    OwnedFd ours(::open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC));
    if (!ours || ::unshare(CLONE_NEWPID) != 0) {
      return std::unexpected(errno_error("making a PID namespace", errno));
    }
    return std::unique_ptr<NewPidNamespace>(new NewPidNamespace(std::move(ours)));
  }
  ~NewPidNamespace() { LC_ASSERT(::setns(ours_.get(), CLONE_NEWPID) == 0); }
  NewPidNamespace(const NewPidNamespace&) = delete;
  NewPidNamespace& operator=(const NewPidNamespace&) = delete;

 private:
  explicit NewPidNamespace(OwnedFd ours) : ours_(std::move(ours)) {}
  OwnedFd ours_;
};

Result<pid_t> run(const SpawnRequest& request, const FileActions& actions) {
  LC_TRY(auto argv, pointers(request.argv));
  LC_TRY(auto env, pointers(request.env));
  Attributes attributes;
  attributes.isolate();
  std::unique_ptr<NewPidNamespace> inside;
  if (request.pids == PidNamespace::fresh) {
    LC_TRY(inside, NewPidNamespace::enter());
  }
  pid_t pid = 0;
  const int error =
      ::posix_spawn(&pid, argv[0], actions.get(), attributes.get(), argv.data(), env.data());
  if (error != 0) {
    Error failed =
        errno_error(fmt::format("starting '{}' in '{}'", argv[0],
                                request.folder.empty() ? std::string_view(".") : request.folder),
                    error);
    if (error == EAGAIN || error == ENOMEM) {
      failed.code = ErrorCode::overloaded;
    }
    return std::unexpected(std::move(failed));
  }
  return pid;
}

}  // namespace

Result<Spawned> spawn(const SpawnRequest& request) {
  LC_ASSERT(!request.argv.empty() && request.doors.size() <= kDoorsMax);
  LC_TRY(auto input, make_pipe());
  LC_TRY(auto output, make_pipe());
  LC_TRY(auto status, make_pipe());
  std::vector<OwnedFd> doors;
  for (const OwnedFd* door : request.doors) {
    doors.emplace_back(::fcntl(door->get(), F_DUPFD_CLOEXEC, kFirstForeignFd));
    if (!doors.back()) {
      return std::unexpected(errno_error("duplicating a descriptor", errno));
    }
  }
  LC_TRY_STATUS(lift(input.read));
  LC_TRY_STATUS(lift(output.write));
  LC_TRY_STATUS(lift(status.write));
  LC_TRY_STATUS(set_nonblocking(output.read.get()));
  LC_TRY_STATUS(set_nonblocking(status.read.get()));
  LC_TRY_STATUS(write_line(input.write, request.stdin_line));

  FileActions actions;
  actions.give(input.read, STDIN_FILENO);
  actions.give(output.write, STDOUT_FILENO);
  actions.give(output.write, STDERR_FILENO);
  actions.give(status.write, kStatusFd);
  int door_fd = kDoorFd;
  for (const OwnedFd& door : doors) {
    actions.give(door, door_fd++);
  }
  actions.close_from(door_fd);
  if (!request.folder.empty()) {
    actions.enter(request.folder);
  }
  if (actions.error() != 0) {
    return std::unexpected(errno_error("preparing a process", actions.error()));
  }

  LC_TRY(const pid_t pid, run(request, actions));
  OwnedFd pidfd(::pidfd_open(pid, 0));
  if (!pidfd) {
    const int error = errno;
    ::kill(-pid, SIGKILL);
    ::waitid(P_PID, static_cast<id_t>(pid), nullptr, WEXITED);
    return std::unexpected(errno_error("watching a process", error));
  }
  return Spawned{pid, std::move(pidfd), std::move(input.write), std::move(output.read),
                 std::move(status.read)};
}

}  // namespace lc::process
