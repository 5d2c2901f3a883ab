#pragma once

#include <uv.h>

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "common/result.h"
#include "common/uv.h"

namespace lc::supervisor {

inline constexpr std::size_t kAdminLineBytesMax = 65'536;
inline constexpr std::size_t kAdminClientsMax = 16;

/// The operator's way in: a Unix socket (0660) that takes a request a line and gives an answer a
/// line.
class AdminSocket {
 public:
  using Answer = std::function<std::string(std::string_view line)>;

  /// Takes over a path that nobody listens on. Errors: conflict - a live supervisor listens there;
  /// denied, unavailable - the folder or the socket cannot be made.
  static Result<std::unique_ptr<AdminSocket>> create(uv_loop_t* loop, const std::string& path,
                                                     Answer answer);
  ~AdminSocket();
  AdminSocket(const AdminSocket&) = delete;
  AdminSocket& operator=(const AdminSocket&) = delete;

 private:
  struct Client;

  AdminSocket() = default;
  void accept();
  void on_read(Client& client, ssize_t count);
  void drop(Client& client);

  std::string path_;
  Answer answer_;
  UvOwned<uv_pipe_t> listener_;
  std::list<std::unique_ptr<Client>> clients_;
};

}  // namespace lc::supervisor
