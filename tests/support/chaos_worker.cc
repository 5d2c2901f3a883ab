// A worker that misbehaves as its arguments say. Each argument is a step, done in order; after the
// last one it waits for its standard input to end, like a good worker.
//
//   ready  failed:WORDS  say:TEXT        to descriptor 3
//   standby                              a spare says so and waits to be told to subscribe; any
//                                        other worker goes on
//   progress:COUNT                       says so to descriptor 3, COUNT times, every 10 ms
//   out:TEXT  err:TEXT  flood:BYTES      to stdout or stderr (flood:0 never ends)
//   exit:CODE  signal:NUMBER             leave, or die
//   spin  sleep  stop                    hang: in user code, in a call, stopped by SIGSTOP
//   ignore-signals  ignore-eof           deaf to all signals; to the end of standard input
//   child  setsid-child  daemon          a process that stays: in the group, in its own session,
//                                        forked twice in its own session with all descriptors
//                                        closed
//   bomb:CHAINS                          chains of processes that fork, change session and leave;
//                                        a limit that refuses a fork does not stop them
//   zombie                               a dead child that is never reaped here
//   close-status  close-output           close descriptor 3; 1 and 2
//   leak:MIB                             memory, touched
//   await-signal                         wait for SIGUSR1
//   show:fds  show:signals  show:env  show:line  show:folder    to stdout
//   no-death-signal                      do not ask the kernel to die with the supervisor
//   survive                              outlive the supervisor if it can: no-death-signal and
//                                        ignore-eof

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "worker/cgroup.h"

extern char** environ;

namespace {

constexpr int kStatusFd = 3;

std::atomic<bool> g_told_to_subscribe = false;
std::string g_line;  // the configuration line; written before any other thread exists

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count <= 0) {
      return;
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

void print(const std::string& text) {
  write_all(STDOUT_FILENO, text + "\n");
}

long number(std::string_view text) {
  long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    write_all(STDERR_FILENO, "not a number: " + std::string(text) + "\n");
    std::_Exit(64);
  }
  return value;
}

[[noreturn]] void wait_for_ever() {
  for (;;) {
    ::pause();
  }
}

/// Reads the line, then watches for the end of standard input, and leaves with the whole group.
void obey_eof() {
  std::thread([] {
    char byte = 0;
    while (::read(STDIN_FILENO, &byte, 1) > 0) {
      if (byte == '\n') {  // `subscribe` is all that can follow
        g_told_to_subscribe = true;
        g_told_to_subscribe.notify_all();
      }
    }
    ::kill(0, SIGKILL);
  }).detach();
}

void read_line() {
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) == 1 && byte != '\n') {
    g_line += byte;
  }
}

void show_fds() {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc/self/fd"), ::closedir);
  std::vector<int> fds;
  while (const dirent* entry = ::readdir(folder.get())) {
    if (entry->d_name[0] != '.' && std::atoi(entry->d_name) != ::dirfd(folder.get())) {
      fds.push_back(std::atoi(entry->d_name));
    }
  }
  std::ranges::sort(fds);
  std::string text = "fds:";
  for (const int fd : fds) {
    text += " " + std::to_string(fd);
  }
  print(text);
}

void show_signals() {
  sigset_t blocked;
  ::sigprocmask(SIG_SETMASK, nullptr, &blocked);
  std::string text = "signals:";
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action{};
    if (sigismember(&blocked, number) == 1) {
      text += " blocked=" + std::to_string(number);
    }
    if (::sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) {
      text += " ignored=" + std::to_string(number);
    }
  }
  print(text);
}

void show(std::string_view what) {
  if (what == "fds") {
    show_fds();
  } else if (what == "signals") {
    show_signals();
  } else if (what == "line") {
    print("line: " + g_line);
  } else if (what == "folder") {
    char folder[4096];
    print(std::string("folder: ") + (::getcwd(folder, sizeof folder) == nullptr ? "?" : folder));
  } else if (what == "env") {
    for (char** entry = environ; *entry != nullptr; ++entry) {
      print(std::string("env: ") + *entry);
    }
  }
}

void flood(long bytes) {
  const std::string line(1023, '~');
  for (long done = 0; bytes == 0 || done < bytes; done += 1024) {
    print(line);
  }
}

pid_t fork_here() {
  return ::fork();  // tidy: to misbehave is its purpose
}

void child() {
  if (fork_here() == 0) {
    wait_for_ever();
  }
}

void setsid_child() {
  if (fork_here() == 0) {
    ::setsid();
    wait_for_ever();
  }
}

void daemon_child() {
  const pid_t between = fork_here();
  if (between == 0) {
    ::setsid();
    if (fork_here() == 0) {
      ::prctl(PR_SET_NAME, "innocent");
      for (int fd = 0; fd < 64; ++fd) {
        ::close(fd);
      }
      wait_for_ever();
    }
    std::_Exit(0);
  }
  ::waitpid(between, nullptr, 0);
}

// As a worker is, the first process is the reaper of what it started. Ends by itself, some day.
void bomb(long chains) {
  constexpr int kForksOfAChainMax = 50'000;
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  ::signal(SIGCHLD, SIG_IGN);
  for (long chain = 0; chain < chains; ++chain) {
    if (fork_here() == 0) {
      for (int forks = 0; forks < kForksOfAChainMax; ++forks) {
        ::setsid();
        if (fork_here() > 0) {
          std::_Exit(0);
        }
      }
      std::_Exit(0);
    }
  }
}

void zombie() {
  if (fork_here() == 0) {
    std::_Exit(0);
  }
}

void ignore_signals() {
  for (int number = 1; number < NSIG; ++number) {
    if (number != SIGCHLD) {
      ::signal(number, SIG_IGN);
    }
  }
}

[[noreturn]] void die_of(int number) {
  ::signal(number, SIG_DFL);
  ::raise(number);
  wait_for_ever();
}

[[noreturn]] void spin() {
  std::atomic<bool> done = false;
  while (!done.load()) {
  }
  wait_for_ever();
}

void leak(long mib) {
  static std::string kept;  // or the compiler would leave it all out
  kept.assign(static_cast<std::size_t>(mib) << 20, 'x');
}

void standby() {
  if (g_line.find("\"spare\"") != std::string::npos) {
    write_all(kStatusFd, "{\"state\":\"standby\",\"missing\":[]}\n");
    g_told_to_subscribe.wait(false);
  }
}

void progress(long count) {
  for (long i = 0; i < count; ++i) {
    write_all(kStatusFd, "{\"state\":\"progress\"}\n");
    ::poll(nullptr, 0, 10);
  }
}

void await_signal() {
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, SIGUSR1);
  int got = 0;
  ::sigwait(&only, &got);
}

void step(std::string_view text) {
  const auto colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const std::string argument(colon == std::string_view::npos ? "" : text.substr(colon + 1));
  if (name == "ready") {
    write_all(kStatusFd, "{\"state\":\"ready\"}\n");
  } else if (name == "failed") {
    write_all(kStatusFd, R"({"state":"failed","message":")" + argument + "\"}\n");
  } else if (name == "say") {
    write_all(kStatusFd, argument + "\n");
  } else if (name == "out") {
    print(argument);
  } else if (name == "err") {
    write_all(STDERR_FILENO, argument + "\n");
  } else if (name == "flood") {
    flood(number(argument));
  } else if (name == "exit") {
    std::_Exit(static_cast<int>(number(argument)));
  } else if (name == "signal") {
    die_of(static_cast<int>(number(argument)));
  } else if (name == "bomb") {
    bomb(number(argument));
  } else if (name == "progress") {
    progress(number(argument));
  } else if (name == "leak") {
    leak(number(argument));
  } else if (name == "show") {
    show(argument);
  } else {
    static const std::map<std::string_view, void (*)()> plain = {
        {"spin", spin},
        {"standby", standby},
        {"sleep", wait_for_ever},
        {"stop", [] { ::raise(SIGSTOP); }},
        {"ignore-signals", ignore_signals},
        {"child", child},
        {"setsid-child", setsid_child},
        {"daemon", daemon_child},
        {"zombie", zombie},
        {"close-status", [] { ::close(kStatusFd); }},
        {"close-output",
         [] {
           ::close(STDOUT_FILENO);
           ::close(STDERR_FILENO);
         }},
        {"await-signal", await_signal},
    };
    const auto found = plain.find(name);
    if (found == plain.end()) {
      write_all(STDERR_FILENO, "no such step: " + std::string(text) + "\n");
      std::_Exit(64);
    }
    found->second();
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (lc::worker::join_cgroup(environ) != 0) {
    return 69;
  }
  std::vector<std::string_view> steps(argv + 1, argv + argc);
  const auto has = [&steps](std::string_view name) {
    return std::ranges::find(steps, name) != steps.end();
  };
  const bool survive = has("survive");
  const bool ignore_eof = survive || has("ignore-eof");
  const bool await = has("await-signal");
  const bool death_signal = !survive && !has("no-death-signal");
  std::erase_if(steps, [](std::string_view s) {
    return s == "survive" || s == "ignore-eof" || s == "no-death-signal";
  });

  if (death_signal) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // the end of stdin, seen below, covers an earlier death
  }
  if (await) {  // before any thread exists, so that SIGUSR1 waits for the step
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, SIGUSR1);
    ::sigprocmask(SIG_BLOCK, &only, nullptr);
  }
  read_line();
  if (!ignore_eof) {
    obey_eof();
  }
  for (const std::string_view text : steps) {
    step(text);
  }
  wait_for_ever();
}
