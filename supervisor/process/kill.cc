#include "supervisor/process/kill.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/check.h"
#include "supervisor/process/pidfd.h"

namespace lc::process {

void kill_group(pid_t leader, int pidfd) {
  LC_ASSERT(leader > 1);
  ::kill(-leader, SIGKILL);
  ::pidfd_send_signal(pidfd, SIGKILL, nullptr, 0);
  ::kill(-leader, SIGCONT);
}

void kill_child(pid_t child) {
  LC_ASSERT(child > 1);
  ::kill(child, SIGKILL);
  ::kill(child, SIGCONT);
}

std::optional<ExitStatus> peek_exit(int pidfd) {
  siginfo_t info{};
  if (::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED | WNOWAIT | WNOHANG) != 0 ||
      info.si_pid == 0) {
    return std::nullopt;
  }
  if (info.si_code == CLD_EXITED) {
    return ExitStatus{info.si_status, 0};
  }
  return ExitStatus{0, info.si_status};
}

Usage reap(int pidfd) {
  siginfo_t info{};
  rusage used{};
  // Only the system call itself tells what was used: glibc's waitid leaves it out.
  ::syscall(SYS_waitid, P_PIDFD, pidfd, &info, WEXITED | WNOHANG, &used);
  const auto in_us = [](const timeval& time) {
    return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_usec;
  };
  return {in_us(used.ru_utime), in_us(used.ru_stime), used.ru_maxrss};
}

void reap_child(pid_t child) {
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG);
}

}  // namespace lc::process
