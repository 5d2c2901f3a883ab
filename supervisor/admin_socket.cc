#include "supervisor/admin_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"

namespace lc::supervisor {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kSocketMode = 0660;
constexpr int kBacklog = 128;
constexpr unsigned kReadBytes = 4096;

// Whether somebody accepts connections on `path` now.
bool is_alive(const std::string& path) {
  sockaddr_un address{};
  if (path.size() >= sizeof address.sun_path) {
    return false;
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const OwnedFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

Status make_room(const std::string& path) {
  std::error_code error;
  const fs::path folder = fs::path(path).parent_path();
  if (!folder.empty() && fs::create_directories(folder, error)) {
    fs::permissions(folder, fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec,
                    error);
  }
  if (error) {
    return fail(ErrorCode::denied, "folder of the admin socket '" + path + "': " + error.message());
  }
  if (is_alive(path)) {
    return fail(ErrorCode::conflict,
                "a supervisor of this stream already listens on " + path + "; stop it first");
  }
  unlink(path.c_str());
  return {};
}

// One answer on its way; freed when it is written.
struct WriteRequest {
  uv_write_t request{};
  std::string text;
};

}  // namespace

struct AdminSocket::Client {
  AdminSocket* owner = nullptr;
  UvOwned<uv_pipe_t> pipe;
  std::array<char, kReadBytes> chunk{};
  std::string line;
  TimerId patience;
};

AdminSocket::AdminSocket(Timers& timers, Hooks hooks) : timers_(timers), hooks_(std::move(hooks)) {}

Result<std::unique_ptr<AdminSocket>> AdminSocket::create(uv_loop_t* loop, Timers& timers,
                                                         const std::string& path, Hooks hooks) {
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return fail(ErrorCode::invalid_input,
                "the admin socket's path has " + std::to_string(path.size()) + " bytes, at most " +
                    std::to_string(sizeof(sockaddr_un::sun_path) - 1) +
                    " are possible: set LIVE_CREW_RUNTIME_DIR or --socket (" + path + ")");
  }
  LC_TRY_STATUS(make_room(path));
  std::unique_ptr<AdminSocket> self(new AdminSocket(timers, std::move(hooks)));
  auto pipe = std::make_unique<uv_pipe_t>();
  if (const int code = uv_pipe_init(loop, pipe.get(), 0); code != 0) {
    return std::unexpected(uv_error("admin socket", code));
  }
  self->listener_.reset(pipe.release());
  self->listener_->data = self.get();
  if (const int code = uv_pipe_bind(self->listener_.get(), path.c_str()); code != 0) {
    return std::unexpected(uv_error("admin socket " + path, code));
  }
  self->path_ = path;
  chmod(path.c_str(), kSocketMode);
  const int code = uv_listen(reinterpret_cast<uv_stream_t*>(self->listener_.get()), kBacklog,
                             [](uv_stream_t* server, int status) {
                               if (status == 0 && server->data != nullptr) {
                                 static_cast<AdminSocket*>(server->data)->accept();
                               }
                             });
  if (code != 0) {
    return std::unexpected(uv_error("admin socket " + path, code));
  }
  return self;
}

AdminSocket::~AdminSocket() {
  for (const auto& client : clients_) {
    timers_.cancel(client->patience);
  }
  clients_.clear();
  if (!path_.empty()) {
    unlink(path_.c_str());
  }
}

void AdminSocket::accept() {
  auto pipe = std::make_unique<uv_pipe_t>();
  if (uv_pipe_init(listener_->loop, pipe.get(), 0) != 0) {
    return;
  }
  auto client = std::make_unique<Client>();
  client->owner = this;
  client->pipe.reset(pipe.release());
  client->pipe->data = client.get();
  auto* stream = reinterpret_cast<uv_stream_t*>(client->pipe.get());
  if (uv_accept(reinterpret_cast<uv_stream_t*>(listener_.get()), stream) != 0 ||
      clients_.size() >= kAdminClientsMax) {
    log_warn("admin client refused", {{"clients", clients_.size()}});
    return;
  }
  if (!admits(*client)) {
    return;
  }
  uv_read_start(
      stream,
      [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
        auto* owner = static_cast<Client*>(handle->data);
        *buffer = owner == nullptr ? uv_buf_init(nullptr, 0)
                                   : uv_buf_init(owner->chunk.data(), kReadBytes);
      },
      [](uv_stream_t* from, ssize_t count, const uv_buf_t*) {
        if (auto* owner = static_cast<Client*>(from->data); owner != nullptr) {
          owner->owner->on_read(*owner, count);
        }
      });
  wait_for_request(*client);
  clients_.push_back(std::move(client));
}

/// Before anything is read: a worker may be of the same user, and a socket's mode does not tell.
bool AdminSocket::admits(Client& client) const {
  int fd = -1;
  ucred peer{};
  socklen_t length = sizeof peer;
  if (uv_fileno(reinterpret_cast<uv_handle_t*>(client.pipe.get()), &fd) != 0 ||
      getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) {
    return false;
  }
  if (hooks_.is_worker && hooks_.is_worker(peer.pid)) {
    log_error("admin client refused: it is a worker",
              {{"pid", static_cast<std::int64_t>(peer.pid)},
               {"uid", static_cast<std::int64_t>(peer.uid)}});
    return false;
  }
  return true;
}

void AdminSocket::wait_for_request(Client& client) {
  timers_.cancel(client.patience);
  client.patience = timers_.arm(monotonic_now() + kAdminPatience, [this, &client] {
    client.patience = {};
    drop(client);
  });
}

void AdminSocket::on_read(Client& client, ssize_t count) {
  if (count < 0) {
    drop(client);
    return;
  }
  client.line.append(client.chunk.data(), static_cast<std::size_t>(count));
  for (std::size_t end = client.line.find('\n'); end != std::string::npos;
       end = client.line.find('\n')) {
    auto write = std::make_unique<WriteRequest>();
    write->text = hooks_.answer(std::string_view(client.line).substr(0, end));
    client.line.erase(0, end + 1);
    wait_for_request(client);
    if (write->text.empty()) {
      continue;
    }
    write->text += '\n';
    const uv_buf_t buffer =
        uv_buf_init(write->text.data(), static_cast<unsigned>(write->text.size()));
    write->request.data = write.get();
    const int code = uv_write(
        &write->request, reinterpret_cast<uv_stream_t*>(client.pipe.get()), &buffer, 1,
        [](uv_write_t* request, int) { delete static_cast<WriteRequest*>(request->data); });
    if (code == 0) {
      write.release();  // the write callback frees it
    }
  }
  if (client.line.size() > kAdminLineBytesMax) {
    log_warn("admin request too long", {{"bytes_max", kAdminLineBytesMax}});
    drop(client);
  }
}

void AdminSocket::drop(Client& client) {
  timers_.cancel(client.patience);
  std::erase_if(clients_, [&client](const auto& each) { return each.get() == &client; });
}

}  // namespace lc::supervisor
