#include "supervisor/cli/admin_client.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "common/fd.h"

namespace lc::cli {
namespace {

constexpr time_t kAnswerTimeoutS = 5;
constexpr std::size_t kAnswerBytesMax = std::size_t{16} << 20;

std::unexpected<Error> not_reached(const std::string& path, int error) {
  const ErrorCode code =
      error == EACCES || error == EPERM ? ErrorCode::denied : ErrorCode::unavailable;
  return fail(code, fmt::format("no supervisor answers on {} ({}); is it running? try systemctl "
                                "status 'lcsupervisor@*', or name its socket with --socket",
                                path, std::strerror(error)));
}

Result<OwnedFd> connect_to(const std::string& path) {
  sockaddr_un address{};
  if (path.size() >= sizeof address.sun_path) {
    return fail(ErrorCode::invalid_input, "socket path too long: " + path);
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  OwnedFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience{.tv_sec = kAnswerTimeoutS, .tv_usec = 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return not_reached(path, errno);
  }
  return fd;
}

Result<std::string> converse(const std::string& path, std::string_view request) {
  LC_TRY(OwnedFd fd, connect_to(path));
  while (!request.empty()) {
    const ssize_t sent = send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      return not_reached(path, errno);
    }
    request.remove_prefix(static_cast<std::size_t>(sent));
  }
  std::string answer;
  std::array<char, 65'536> chunk;
  while (answer.find('\n') == std::string::npos && answer.size() < kAnswerBytesMax) {
    const ssize_t count = recv(fd.get(), chunk.data(), chunk.size(), 0);
    if (count <= 0) {
      return not_reached(path, count == 0 ? ECONNRESET : errno);
    }
    answer.append(chunk.data(), static_cast<std::size_t>(count));
  }
  return answer.substr(0, answer.find('\n'));
}

ErrorCode code_of(const JsonObject& error) {
  const Json* data = find(error, "data");
  const std::string* word = data == nullptr ? nullptr : as_string(*data);
  for (const ErrorCode code :
       {ErrorCode::not_found, ErrorCode::unavailable, ErrorCode::denied, ErrorCode::conflict}) {
    if (word != nullptr && *word == to_string(code)) {
      return code;
    }
  }
  return ErrorCode::invalid_input;
}

}  // namespace

Result<Json> ask_supervisor(const std::string& socket_path, const std::string& method,
                            const Json& params) {
  std::string request;
  JsonWriter(request)
      .begin_object()
      .key("jsonrpc")
      .string("2.0")
      .key("method")
      .string(method)
      .key("params")
      .json(params)
      .key("id")
      .number(1)
      .end_object();
  request += '\n';
  LC_TRY(std::string text, converse(socket_path, request));
  LC_TRY(Json answer, parse_json(text));
  const JsonObject* object = as_object(answer);
  if (object == nullptr) {
    return fail(ErrorCode::corrupt, "the supervisor's answer is not an object");
  }
  if (const Json* error = find(*object, "error"); error != nullptr && as_object(*error)) {
    const JsonObject& members = *as_object(*error);
    const Json* message = find(members, "message");
    return fail(code_of(members),
                message != nullptr && as_string(*message) ? *as_string(*message) : "unknown error");
  }
  const Json* result = find(*object, "result");
  return result == nullptr ? Json() : *result;
}

}  // namespace lc::cli
