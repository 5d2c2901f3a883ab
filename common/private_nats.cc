#include "common/private_nats.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>  // NOLINT: kill is POSIX
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/json.h"

namespace lc {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kStopTimeoutMs = 2'000;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// The last lines of the server's log: why it did not start.
std::string last_words(const fs::path& log) {
  constexpr std::size_t kTailBytes = 600;
  std::string text = read_file(log);
  return text.size() > kTailBytes ? text.substr(text.size() - kTailBytes) : text;
}

/// Waits until the process has ended, without reaping it. False: not within the time.
bool wait_for_end(pid_t pid, std::int64_t timeout_ms) {
  OwnedFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) {
    return errno == ESRCH;
  }
  pollfd ended{.fd = pidfd.get(), .events = POLLIN, .revents = 0};
  MonoTime deadline = monotonic_now() + millis(timeout_ms);
  while (true) {
    std::int64_t left_ms = (deadline - monotonic_now()).us / 1'000;
    int ready = ::poll(&ended, 1, left_ms > 0 ? static_cast<int>(left_ms) : 0);
    if (ready != 0 || left_ms <= 0) {
      return ready > 0;
    }
  }
}

/// Between fork and exec: only calls that are safe after a fork of a threaded process.
[[noreturn]] void become_server(const std::vector<char*>& arguments, int log_fd, pid_t parent) {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::setpgid(0, 0);  // a Ctrl-C for us is not one for the server: we stop it last
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) {
    ::_exit(127);  // the parent died before the line above
  }
  int null_fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(null_fd, STDIN_FILENO);
  ::dup2(log_fd, STDOUT_FILENO);
  ::dup2(log_fd, STDERR_FILENO);
  ::syscall(SYS_close_range, 3U, ~0U, 0U);
  ::execvp(arguments[0], arguments.data());
  ::_exit(errno == ENOENT ? 127 : 126);
}

/// Whether the server says INFO on its port: it listens before JetStream has recovered, but then
/// it does not speak yet.
bool answers(int port) {
  OwnedFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (!socket ||
      ::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    return false;
  }
  constexpr int kInfoTimeoutMs = 1'000;
  pollfd readable{.fd = socket.get(), .events = POLLIN, .revents = 0};
  std::array<char, 5> start{};
  return ::poll(&readable, 1, kInfoTimeoutMs) == 1 &&
         ::recv(socket.get(), start.data(), start.size(), 0) == 5 &&
         std::string_view(start.data(), 4) == "INFO";
}

int port_from(const std::string& ports_file) {
  auto json = parse_json(ports_file);
  const JsonObject* object = json ? as_object(*json) : nullptr;
  const Json* urls = object != nullptr ? find(*object, "nats") : nullptr;
  const JsonArray* array = urls != nullptr ? as_array(*urls) : nullptr;
  const std::string* url =
      array != nullptr && !array->empty() ? as_string(array->front()) : nullptr;
  return url != nullptr ? std::atoi(url->substr(url->rfind(':') + 1).c_str()) : 0;
}

}  // namespace

Result<std::unique_ptr<PrivateNats>> PrivateNats::start(PrivateNatsOptions options) {
  std::unique_ptr<PrivateNats> server(new PrivateNats());
  std::error_code error;
  std::string pattern = (fs::temp_directory_path(error) / "live-crew-nats-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    return std::unexpected(errno_error("creating the folder '" + pattern + "'", errno));
  }
  server->work_dir_ = pattern;
  server->store_dir_ = options.store_dir.empty() ? pattern + "/store" : options.store_dir;
  server->options_ = std::move(options);
  fs::create_directories(server->store_dir_, error);
  if (error) {
    return std::unexpected(
        errno_error("creating the folder '" + server->store_dir_ + "'", error.value()));
  }
  LC_TRY_STATUS(server->launch(-1));
  return server;
}

PrivateNats::~PrivateNats() {
  stop();
  std::error_code ignored;
  if (!work_dir_.empty()) {
    fs::remove_all(work_dir_, ignored);
  }
}

std::string PrivateNats::log_path() const {
  return work_dir_ + "/nats.log";
}

Status PrivateNats::write_config(int port) const {
  // A file, because the payload limit has no flag.
  std::string text = "listen: \"127.0.0.1:" + std::to_string(port) + "\"\n" +
                     "max_payload: " + std::to_string(options_.max_payload_bytes) + "\n" +
                     "ports_file_dir: ";
  append_json_string(text, work_dir_);
  text += "\njetstream { store_dir: ";
  append_json_string(text, store_dir_);
  text += " }\n";
  std::ofstream out(work_dir_ + "/nats.conf", std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  return out ? Status{}
             : fail(ErrorCode::unavailable, "writing '" + work_dir_ + "/nats.conf' failed");
}

Status PrivateNats::launch(int port) {
  LC_TRY_STATUS(write_config(port));
  OwnedFd log(::open(log_path().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!log) {
    return std::unexpected(errno_error("opening '" + log_path() + "'", errno));
  }
  std::vector<std::string> words{options_.binary, "-c", work_dir_ + "/nats.conf"};
  std::vector<char*> arguments;
  for (std::string& word : words) {
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);
  pid_t parent = ::getpid();
  pid_t child = ::fork();
  if (child < 0) {
    return std::unexpected(errno_error("starting '" + options_.binary + "'", errno));
  }
  if (child == 0) {
    become_server(arguments, log.get(), parent);
  }
  pid_ = child;
  Status ready = wait_until_ready(port);
  if (!ready) {
    stop();
  }
  return ready;
}

Status PrivateNats::wait_until_ready(int port) {
  const std::string ports_file = work_dir_ + "/" + fs::path(options_.binary).filename().string() +
                                 "_" + std::to_string(pid_) + ".ports";
  constexpr std::int64_t kLookEveryMs = 5;
  MonoTime deadline = monotonic_now() + millis(options_.start_timeout_ms);
  while (monotonic_now() < deadline) {
    if (wait_for_end(pid_, kLookEveryMs)) {
      int status = 0;
      ::waitpid(pid_, &status, 0);
      pid_ = -1;
      if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
        return fail(ErrorCode::not_found,
                    "there is no '" + options_.binary + "' to run: apt-get install nats-server");
      }
      return fail(ErrorCode::unavailable,
                  "'" + options_.binary + "' ended at once: " + last_words(log_path()));
    }
    port_ = port > 0 ? port : port_from(read_file(ports_file));
    if (port_ > 0 && answers(port_)) {
      url_ = "nats://127.0.0.1:" + std::to_string(port_);
      return {};
    }
  }
  return fail(ErrorCode::unavailable, "'" + options_.binary + "' does not answer after " +
                                          std::to_string(options_.start_timeout_ms) +
                                          " ms: " + last_words(log_path()));
}

void PrivateNats::freeze() {
  ::kill(pid_, SIGSTOP);
}

void PrivateNats::thaw() {
  ::kill(pid_, SIGCONT);
}

void PrivateNats::kill() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
}

Status PrivateNats::restart() {
  stop();
  return launch(port_);
}

void PrivateNats::stop() {
  if (pid_ <= 0) {
    return;
  }
  ::kill(pid_, SIGCONT);  // a frozen server does not see SIGTERM
  ::kill(pid_, SIGTERM);
  wait_for_end(pid_, kStopTimeoutMs);
  kill();
}

}  // namespace lc
