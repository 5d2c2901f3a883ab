#include "tests/bench/busy.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>

namespace lc::bench {

void spin() {
  std::atomic<bool> done = false;
  while (!done.load()) {
  }
  std::abort();
}

BusyLoops::BusyLoops(int count) {
  const pid_t self = ::getpid();
  for (int i = 0; i < count; ++i) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != self) {
        std::_Exit(0);
      }
      spin();
    }
    if (pid > 0) {
      pids_.push_back(pid);
    }
  }
}

BusyLoops::~BusyLoops() {
  for (const pid_t pid : pids_) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
}

}  // namespace lc::bench
