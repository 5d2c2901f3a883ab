#pragma once

#include <sys/types.h>
#include <uv.h>

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "common/result.h"
#include "common/timers.h"
#include "common/uv.h"

namespace lc::supervisor {

inline constexpr std::size_t kAdminLineBytesMax = 65'536;
inline constexpr std::size_t kAdminClientsMax = 16;
inline constexpr Micros kAdminPatience = seconds(5);  // for a whole request

/// The operator's way in: a Unix socket (0660) that takes a request a line and gives an answer a
/// line. Workers are refused; so is who does not finish a request within kAdminPatience.
class AdminSocket {
 public:
  struct Hooks {
    std::function<std::string(std::string_view line)> answer;
    std::function<bool(pid_t)> is_worker;  // may not ask anything, whatever its user
  };

  /// Takes over a path that nobody listens on. Errors: conflict - a live supervisor listens there;
  /// denied, unavailable - the folder or the socket cannot be made.
  static Result<std::unique_ptr<AdminSocket>> create(uv_loop_t* loop, Timers& timers,
                                                     const std::string& path, Hooks hooks);
  ~AdminSocket();
  AdminSocket(const AdminSocket&) = delete;
  AdminSocket& operator=(const AdminSocket&) = delete;

 private:
  struct Client;

  AdminSocket(Timers& timers, Hooks hooks);
  void accept();
  bool admits(Client& client) const;
  void wait_for_request(Client& client);
  void on_read(Client& client, ssize_t count);
  void drop(Client& client);

  Timers& timers_;
  Hooks hooks_;
  std::string path_;
  UvOwned<uv_pipe_t> listener_;
  std::list<std::unique_ptr<Client>> clients_;
};

}  // namespace lc::supervisor
