// The floors of the section `kill`: what the kernel and libnats take, with nothing of ours.
//
//   kill_floor deadline COUNT BUSY_LOOPS                 a timerfd, kill() and waitid() on a tree
//   kill_floor takeover warm|cold FLOOR URL COUNT        until a new process has answered
//
// A tree is a leader that spins and three children, one of them in a session of its own.

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/bench/busy.h"
#include "tests/bench/nats_client.h"
#include "tests/bench/program.h"
#include "tests/bench/samples.h"

extern char** environ;

namespace lc::bench {
namespace {

constexpr std::int64_t kDelayUs = 100'000;  // the same as in kill.cc
constexpr int kChildren = 3;

void must(bool fine, const char* what) {
  if (!fine) {
    fmt::print(stderr, "kill_floor: {} failed\n", what);
    std::exit(1);
  }
}

struct Tree {
  pid_t leader = 0;
  pid_t outside = 0;  // the child that left the session
};

[[noreturn]] void be_child(int number, int told) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (number == 0) {
    ::setsid();
  }
  const std::array<pid_t, 2> words = {number, ::getpid()};
  must(::write(told, words.data(), sizeof words) == sizeof words, "write");
  for (;;) {
    ::pause();
  }
}

[[noreturn]] void be_leader(int told) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setsid();
  for (int i = 0; i < kChildren; ++i) {
    if (::fork() == 0) {
      be_child(i, told);
    }
  }
  spin();
}

Tree start_tree() {
  std::array<int, 2> ends{};
  must(::pipe2(ends.data(), O_CLOEXEC) == 0, "pipe");
  Tree tree{.leader = ::fork()};
  must(tree.leader >= 0, "fork");
  if (tree.leader == 0) {
    be_leader(ends[1]);
  }
  ::close(ends[1]);
  for (int i = 0; i < kChildren; ++i) {
    std::array<pid_t, 2> words{};
    must(::read(ends[0], words.data(), sizeof words) == sizeof words, "read");
    if (words[0] == 0) {
      tree.outside = words[1];
    }
  }
  ::close(ends[0]);
  return tree;
}

int deadline(const std::vector<std::string>& words) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const int timer = ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  const BusyLoops beside(std::stoi(words[1]));
  std::vector<std::int64_t> issued;
  std::vector<std::int64_t> gone;
  for (int left = std::stoi(words[0]); left > 0; --left) {
    const Tree tree = start_tree();
    const std::int64_t due = monotonic_us() + kDelayUs;
    itimerspec when{};
    when.it_value = {.tv_sec = due / 1'000'000, .tv_nsec = due % 1'000'000 * 1'000};
    must(::timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, nullptr) == 0, "timerfd");
    pollfd rings{.fd = timer, .events = POLLIN, .revents = 0};
    must(::poll(&rings, 1, -1) == 1, "poll");
    issued.push_back(monotonic_us() - due);
    ::kill(-tree.leader, SIGKILL);
    ::kill(tree.outside, SIGKILL);
    for (int i = 0; i < 1 + kChildren; ++i) {
      siginfo_t info{};
      must(::waitid(P_ALL, 0, &info, WEXITED) == 0, "waitid");
    }
    gone.push_back(monotonic_us() - due);
  }
  ::close(timer);
  fmt::print("{{\"issued\":{},\"gone\":{}}}\n", percentiles(issued), percentiles(gone));
  return 0;
}

struct Program {
  pid_t pid = 0;
  int input = -1;
  int output = -1;
};

Program start(const std::vector<std::string>& command) {
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  must(::pipe2(in.data(), O_CLOEXEC) == 0 && ::pipe2(out.data(), O_CLOEXEC) == 0, "pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  std::vector<char*> argv;
  for (const std::string& word : command) {
    argv.push_back(const_cast<char*>(word.c_str()));
  }
  argv.push_back(nullptr);
  Program program{.input = in[1], .output = out[0]};
  must(::posix_spawn(&program.pid, argv[0], &actions, nullptr, argv.data(), environ) == 0, "spawn");
  posix_spawn_file_actions_destroy(&actions);
  ::close(in[0]);
  ::close(out[1]);
  return program;
}

void await_line(const Program& program) {
  char byte = 0;
  while (byte != '\n') {
    must(::read(program.output, &byte, 1) == 1, "reading what the program says");
  }
}

void end(const Program& program) {
  ::kill(program.pid, SIGKILL);
  ::waitpid(program.pid, nullptr, 0);
  ::close(program.input);
  ::close(program.output);
}

int takeover(const std::vector<std::string>& words) {
  const bool warm = words[0] == "warm";
  const Connection connection = connect(words[2]);
  natsSubscription* raw = nullptr;
  require(natsConnection_SubscribeSync(&raw, connection.get(), "floor.done"), "subscribe");
  const Subscription answers(raw);
  require(natsConnection_Flush(connection.get()), "flush");
  std::vector<std::int64_t> took;
  for (int left = std::stoi(words[3]); left > 0; --left) {
    Program program;
    const std::vector<std::string> command = {words[1], warm ? "standby" : "worker", words[2],
                                              "floor.ready", "floor.done"};
    if (warm) {
      program = start(command);
      await_line(program);  // `standby`
    }
    const std::int64_t begin = monotonic_us();
    if (warm) {
      must(::write(program.input, "\n", 1) == 1, "write");
    } else {
      program = start(command);
    }
    await_line(program);  // `ready`
    require(natsConnection_PublishString(connection.get(), "floor.ready", "{}"), "publish");
    next(answers.get());
    took.push_back(monotonic_us() - begin);
    end(program);
  }
  fmt::print("{}\n", percentiles(std::move(took)));
  return 0;
}

}  // namespace
}  // namespace lc::bench

int main(int argc, char** argv) {
  using namespace lc::bench;
  const std::vector<Command> commands = {{"deadline", {2}, deadline}, {"takeover", {4}, takeover}};
  return run_program(commands, argc, argv);
}
