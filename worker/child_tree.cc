// Starting and ending processes. No process may outlive the worker, so the two threads that touch
// this (main starts, the lifeline ends) agree through two flags: whoever ends sets `leaving_` and
// waits until no start is under way; whoever starts announces it first and then looks at
// `leaving_`.

#include "worker/child_tree.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "common/fd.h"

namespace lc::worker {
namespace {

constexpr int kKilledPatienceMs = 2'000;  // from SIGKILL to death; longer is the kernel's trouble
constexpr int kSweepRoundsMax = 1'000;    // against a program that forks faster than we kill

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> out;
  out.reserve(words.size() + 1);
  for (const std::string& word : words) {
    out.push_back(const_cast<char*>(word.c_str()));  // posix_spawn does not write to it
  }
  out.push_back(nullptr);
  return out;
}

// Waits until the process has ended, or the patience has.
bool wait_for_end(pid_t pid, int patience_ms) {
  const OwnedFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) {
    return true;  // gone already
  }
  pollfd watched{.fd = pidfd.get(), .events = POLLIN, .revents = 0};
  int n = 0;
  do {
    n = poll(&watched, 1, patience_ms);
  } while (n < 0 && errno == EINTR);
  return n > 0;
}

std::vector<pid_t> children() {
  std::vector<pid_t> out;
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", error)) {
    std::ifstream list(task.path() / "children");
    for (pid_t pid = 0; list >> pid;) {
      out.push_back(pid);
    }
  }
  return out;
}

class SpawnSettings {
 public:
  SpawnSettings() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

}  // namespace

ChildTree::ChildTree() {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
}

Result<pid_t> ChildTree::spawn(const Command& command) {
  SpawnSettings settings;
  posix_spawn_file_actions_addchdir_np(&settings.actions, command.folder.c_str());
  posix_spawn_file_actions_adddup2(&settings.actions, command.stdin_fd, 0);
  posix_spawn_file_actions_adddup2(&settings.actions, command.stdout_fd, 1);
  posix_spawn_file_actions_addclosefrom_np(&settings.actions, 3);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&settings.attributes, &none);
  posix_spawnattr_setsigdefault(&settings.attributes, &all);
  posix_spawnattr_setflags(&settings.attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  const std::vector<char*> words = pointers(command.words);
  const std::vector<char*> environment = pointers(command.environment);
  spawning_ = true;
  stop_here_when_leaving();
  pid_t pid = 0;
  const int problem = posix_spawnp(&pid, words.front(), &settings.actions, &settings.attributes,
                                   words.data(), environment.data());
  spawning_ = false;
  spawning_.notify_all();
  if (problem != 0) {
    const ErrorCode code = problem == ENOENT   ? ErrorCode::not_found
                           : problem == EACCES ? ErrorCode::denied
                                               : ErrorCode::unavailable;
    return fail(code, fmt::format("starting '{}' in {}: {}", command.words.front(), command.folder,
                                  strerrordesc_np(problem)));
  }
  return pid;
}

ChildTree::Reaped ChildTree::reap(pid_t pid, int patience_ms) {
  Reaped reaped;
  if (!wait_for_end(pid, patience_ms)) {
    reaped.killed = true;
    kill(pid, SIGKILL);
    wait_for_end(pid, kKilledPatienceMs);
  }
  int status = 0;
  if (waitpid(pid, &status, WNOHANG) == pid) {
    reaped.end.code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    reaped.end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  } else {
    stop_here_when_leaving();
  }
  return reaped;
}

bool ChildTree::running(pid_t pid) {
  siginfo_t info{};
  const int rc = waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT);
  return rc == 0 && info.si_pid == 0;
}

void ChildTree::end_children() {
  for (int round = 0; round < kSweepRoundsMax; ++round) {
    const std::vector<pid_t> found = children();
    if (found.empty()) {
      return;
    }
    for (const pid_t pid : found) {
      kill(pid, SIGKILL);
    }
    for (const pid_t pid : found) {
      if (!wait_for_end(pid, kKilledPatienceMs)) {
        return;  // the kernel holds it: nobody can do more
      }
      waitpid(pid, nullptr, WNOHANG);
    }
  }
}

void ChildTree::end_for_good() {
  leaving_ = true;
  spawning_.wait(true);
  end_children();
}

void ChildTree::stop_here_when_leaving() {
  if (!leaving_) {
    return;
  }
  spawning_ = false;
  spawning_.notify_all();
  for (;;) {
    pause();
  }
}

}  // namespace lc::worker
