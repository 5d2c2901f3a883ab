#include "common/sd_notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace lc {
namespace {

Result<std::int64_t> parse_number(const char* name, std::string_view text) {
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0) {
    return fail(ErrorCode::invalid_input,
                std::string(name) + " is '" + std::string(text) + "', not a number");
  }
  return value;
}

}  // namespace

Result<SdNotify> SdNotify::create(std::string_view socket_path) {
  SdNotify notify;
  if (socket_path.empty()) {
    return notify;
  }
  sockaddr_un address{};
  bool abstract = socket_path.front() == '@';
  if ((socket_path.front() != '/' && !abstract) || socket_path.size() >= sizeof address.sun_path) {
    return fail(ErrorCode::invalid_input,
                "NOTIFY_SOCKET is '" + std::string(socket_path) +
                    "': not an absolute path or @name of at most 107 bytes");
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_path.data(), socket_path.size());
  if (abstract) {
    address.sun_path[0] = '\0';  // its length counts; there is no terminator
  }
  std::size_t length = offsetof(sockaddr_un, sun_path) + socket_path.size() + (abstract ? 0 : 1);
  notify.address_.assign(reinterpret_cast<const char*>(&address), length);
  notify.fd_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!notify.fd_) {
    return std::unexpected(errno_error("creating the notify socket", errno));
  }
  return notify;
}

Result<SdNotify> SdNotify::from_environment() {
  const char* path = std::getenv("NOTIFY_SOCKET");
  auto notify = create(path != nullptr ? path : "");
  ::unsetenv("NOTIFY_SOCKET");
  return notify;
}

Status SdNotify::send(std::string_view text) {
  if (!fd_) {
    return {};
  }
  sockaddr_un address{};
  std::memcpy(&address, address_.data(), address_.size());
  ssize_t sent = ::sendto(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL,
                          reinterpret_cast<const sockaddr*>(&address),
                          static_cast<socklen_t>(address_.size()));
  if (sent < 0) {
    return std::unexpected(errno_error("notifying the service manager", errno));
  }
  return {};
}

Status SdNotify::ready(std::string_view status) {
  return send(status.empty() ? std::string("READY=1") : "READY=1\nSTATUS=" + std::string(status));
}

Status SdNotify::status(std::string_view text) {
  return send("STATUS=" + std::string(text.substr(0, text.find('\n'))));
}

Status SdNotify::watchdog() {
  return send("WATCHDOG=1");
}

Status SdNotify::stopping() {
  return send("STOPPING=1");
}

Result<std::optional<Micros>> parse_watchdog(const char* watchdog_usec, const char* watchdog_pid,
                                             int own_pid) {
  if (watchdog_usec == nullptr) {
    return std::nullopt;
  }
  LC_TRY(std::int64_t usec, parse_number("WATCHDOG_USEC", watchdog_usec));
  if (watchdog_pid != nullptr) {
    LC_TRY(std::int64_t pid, parse_number("WATCHDOG_PID", watchdog_pid));
    if (pid != own_pid) {
      return std::nullopt;
    }
  }
  return usec > 1 ? std::optional<Micros>(Micros{usec / 2}) : std::nullopt;
}

Result<std::optional<Micros>> watchdog_interval_from_environment() {
  return parse_watchdog(std::getenv("WATCHDOG_USEC"), std::getenv("WATCHDOG_PID"), ::getpid());
}

}  // namespace lc
