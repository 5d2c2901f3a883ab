#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/fd.h"
#include "common/time.h"

namespace lc {

/// Tells the service manager how we are, over its datagram socket; does nothing when nobody asked.
/// Never blocks: a manager that does not read loses messages.
class SdNotify {
 public:
  /// `socket_path` as in NOTIFY_SOCKET: a path, `@name` for an abstract socket, or empty.
  ///
  /// Errors: invalid_input - neither absolute nor abstract, or too long.
  static Result<SdNotify> create(std::string_view socket_path);
  /// From NOTIFY_SOCKET, which is then removed so that children do not inherit it.
  static Result<SdNotify> from_environment();

  bool active() const { return static_cast<bool>(fd_); }
  Status ready(std::string_view status = {});
  Status status(std::string_view text);
  Status watchdog();
  Status stopping();

 private:
  Status send(std::string_view text);

  OwnedFd fd_;
  std::string address_;  // bytes of the sockaddr_un that are in use
};

/// How often the manager wants a WATCHDOG=1: half of WATCHDOG_USEC, when WATCHDOG_PID is ours or
/// absent.
///
/// Errors: invalid_input - not a number.
Result<std::optional<Micros>> parse_watchdog(const char* watchdog_usec, const char* watchdog_pid,
                                             int own_pid);
Result<std::optional<Micros>> watchdog_interval_from_environment();

}  // namespace lc
