#include "worker/lifeline.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <thread>

#include "common/fd.h"
#include "common/json.h"
#include "proto/worker_config.h"

namespace lc::worker {
namespace {

constexpr int kStatusFd = 3;
constexpr int kExitOfSignal = 128;  // as shells count

sigset_t leave_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

/// Finds the one line that matters in what the supervisor still says; ignores the others.
class Listener {
 public:
  explicit Listener(Takeover& takeover) : takeover_(takeover) {}

  void hear(std::string_view bytes) {
    for (const char byte : bytes) {
      if (byte == '\n') {
        if (line_ == proto::kSubscribeCommand) {
          takeover_.order();
        }
        line_.clear();
      } else if (line_.size() <= proto::kSubscribeCommand.size()) {
        line_ += byte;  // a longer line is none that matters
      }
    }
  }

 private:
  Takeover& takeover_;
  std::string line_;
};

// Returns when standard input has ended, or a signal says so.
void wait_for_the_end(Listener& listener) {
  const sigset_t signals = leave_signals();
  const OwnedFd signal_fd(signalfd(-1, &signals, SFD_CLOEXEC));
  std::array<char, 512> chunk{};
  for (;;) {
    std::array<pollfd, 2> watched{};
    watched[0] = {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    watched[1] = {.fd = signal_fd.get(), .events = POLLIN, .revents = 0};
    if (poll(watched.data(), watched.size(), -1) < 0) {
      continue;
    }
    if (watched[1].revents != 0) {
      return;
    }
    if (watched[0].revents != 0) {
      const ssize_t n = read(STDIN_FILENO, chunk.data(), chunk.size());
      if (n > 0) {
        listener.hear({chunk.data(), static_cast<std::size_t>(n)});
      } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
        return;
      }
    }
  }
}

void report(const std::string& line) {
  struct stat facts{};
  if (fstat(kStatusFd, &facts) == 0 && (S_ISFIFO(facts.st_mode) || S_ISSOCK(facts.st_mode))) {
    [[maybe_unused]] const ssize_t n = write(kStatusFd, line.data(), line.size());
  }
}

}  // namespace

void close_inherited() {
  close_range(kStatusFd + 1, ~0U, 0);
  if (fcntl(kStatusFd, F_GETFD) >= 0) {
    fcntl(kStatusFd, F_SETFD, FD_CLOEXEC);
  } else {
    // Started by hand: keep the number taken, so that no later descriptor is mistaken for the pipe.
    const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null >= 0 && null != kStatusFd) {
      dup3(null, kStatusFd, O_CLOEXEC);
      close(null);
    }
  }
}

void ignore_broken_pipes() {
  signal(SIGPIPE, SIG_IGN);
}

void block_leave_signals() {
  const sigset_t signals = leave_signals();
  sigprocmask(SIG_BLOCK, &signals, nullptr);
}

void end_with_signals(ChildTree& tree, Interrupt interrupt) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGHUP);
  if (interrupt == Interrupt::ends) {
    sigaddset(&signals, SIGINT);
  } else {
    signal(SIGINT, SIG_IGN);
  }
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  std::thread([&tree, signals] {
    int number = 0;
    while (sigwait(&signals, &number) != 0) {
    }
    tree.end_for_good();
    _exit(kExitOfSignal + number);
  }).detach();
}

Result<ConfigInput> read_config_line() {
  ConfigInput input;
  std::array<char, 4096> chunk;
  for (;;) {
    const ssize_t n = read(STDIN_FILENO, chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      return fail(ErrorCode::invalid_input,
                  "standard input ended before a line with the worker's configuration");
    }
    const std::string_view got(chunk.data(), static_cast<std::size_t>(n));
    const std::size_t end = got.find('\n');
    input.line += got.substr(0, end);
    if (end != std::string_view::npos) {
      input.rest = got.substr(end + 1);
      return input;
    }
    if (input.line.size() > kConfigBytesMax) {
      return fail(ErrorCode::invalid_input,
                  fmt::format("the configuration's line is over {} bytes", kConfigBytesMax));
    }
  }
}

void Takeover::order() {
  is_ordered_ = true;
  is_ordered_.notify_all();
}

void Takeover::wait() const {
  is_ordered_.wait(false);
}

void leave_with_supervisor(ChildTree& tree, Takeover& takeover, std::string_view input_read) {
  Listener listener(takeover);
  listener.hear(input_read);
  std::thread([&tree, listener]() mutable {
    wait_for_the_end(listener);
    tree.end_for_good();
    _exit(exit_told);  // at once: the main thread may be in the middle of a reaction
  }).detach();
}

namespace {

void report_state(std::string_view state, const std::vector<std::string_view>& missing) {
  std::string line;
  JsonWriter writer(line);
  writer.begin_object().key("state").string(state).key("missing").begin_array();
  for (const std::string_view word : missing) {
    writer.string(word);
  }
  writer.end_array().end_object();
  report(line + "\n");
}

// Lines are shorter than PIPE_BUF: with room, one goes as a whole.
void report_if_read(const std::string& line) {
  pollfd watched{.fd = kStatusFd, .events = POLLOUT, .revents = 0};
  if (poll(&watched, 1, 0) == 1 && (watched.revents & POLLOUT) != 0) {
    report(line);
  }
}

}  // namespace

void report_standby(const std::vector<std::string_view>& missing) {
  report_state("standby", missing);
}

void report_ready(const std::vector<std::string_view>& missing) {
  report_state("ready", missing);
}

void report_taken(const proto::Order& order) {
  report_if_read(fmt::format(R"({{"state":"taken","slice":{},"attempt":{},"tag":"{}"}})"
                             "\n",
                             order.slice.value, order.attempt.value, order.tag));
}

void report_answered() {
  report_if_read("{\"state\":\"answered\"}\n");
}

void report_progress() {
  report_if_read("{\"state\":\"progress\"}\n");
}

void report_failed(std::string_view message) {
  std::string line;
  JsonWriter(line)
      .begin_object()
      .key("state")
      .string("failed")
      .key("message")
      .string(message)
      .end_object();
  report(line + "\n");
}

}  // namespace lc::worker
