#include "supervisor/cli/nats_server.h"

#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>

#include "common/clock.h"
#include "common/fd.h"

namespace lc::cli {
namespace {

constexpr std::size_t kGreetingBytesMax = 65'536;

struct Place {
  std::string host;
  std::string port = "4222";
};

Result<Place> place_of(std::string_view url) {
  std::string_view rest = url.substr(url.find("://") == std::string_view::npos
                                         ? 0
                                         : url.find("://") + std::string_view("://").size());
  rest.remove_prefix(rest.rfind('@') + 1);  // npos + 1 is 0
  Place place;
  const std::size_t colon = rest.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && rest.find(']', colon) == std::string_view::npos;
  if (has_port) {
    place.port = rest.substr(colon + 1);
    rest = rest.substr(0, colon);
  }
  if (rest.starts_with('[') && rest.ends_with(']')) {
    rest = rest.substr(1, rest.size() - 2);
  }
  place.host = rest;
  if (place.host.empty() || place.port.empty()) {
    return fail(ErrorCode::invalid_input,
                fmt::format("'{}' is no NATS server: give it as nats://host:port", rest));
  }
  return place;
}

std::unexpected<Error> not_reached(const Place& place, std::string_view why) {
  return fail(ErrorCode::unavailable, fmt::format("{}:{}: {}", place.host, place.port, why));
}

/// Waits until `fd` is ready for `events`, at most until `end`.
bool wait_for(int fd, short events, MonoTime end) {
  pollfd one{.fd = fd, .events = events, .revents = 0};
  const std::int64_t left_ms = (end - monotonic_now()).us / 1'000;
  return left_ms > 0 && poll(&one, 1, static_cast<int>(left_ms)) == 1;
}

Result<OwnedFd> connect_to(const Place& place, MonoTime end) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* raw = nullptr;
  if (const int failed = getaddrinfo(place.host.c_str(), place.port.c_str(), &hints, &raw);
      failed != 0) {
    return not_reached(place, gai_strerror(failed));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> found(raw, freeaddrinfo);
  std::string why = "no address";
  for (const addrinfo* each = raw; each != nullptr; each = each->ai_next) {
    OwnedFd fd(socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    int error = 0;
    if (connect(fd.get(), each->ai_addr, each->ai_addrlen) != 0) {
      error = errno;
    }
    if (error == EINPROGRESS) {
      socklen_t size = sizeof error;
      error = ETIMEDOUT;
      if (wait_for(fd.get(), POLLOUT, end)) {
        getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
      }
    }
    if (error == 0) {
      return fd;
    }
    why = std::strerror(error);
  }
  return not_reached(place, why);
}

Result<NatsServer> ask(const std::string& url, MonoTime end) {
  LC_TRY(const Place place, place_of(url));
  LC_TRY(const OwnedFd fd, connect_to(place, end));
  std::string said;
  std::array<char, 4'096> chunk{};
  while (said.find('\n') == std::string::npos && said.size() < kGreetingBytesMax) {
    const bool is_ready = wait_for(fd.get(), POLLIN, end);
    const ssize_t count = is_ready ? recv(fd.get(), chunk.data(), chunk.size(), 0) : -1;
    if (count <= 0) {
      return not_reached(place, "it does not greet as a NATS server does");
    }
    said.append(chunk.data(), static_cast<std::size_t>(count));
  }
  auto greeting = parse_nats_greeting(said.substr(0, said.find('\n')));
  if (!greeting) {
    return within(fmt::format("{}:{}", place.host, place.port), greeting.error());
  }
  return greeting;
}

}  // namespace

Result<NatsServer> ask_nats_server(const std::string& urls, std::int64_t patience_ms) {
  Result<NatsServer> answer = fail(ErrorCode::invalid_input, "no server is named");
  for (std::size_t at = 0; at <= urls.size();) {
    const std::size_t comma = std::min(urls.find(',', at), urls.size());
    answer = ask(urls.substr(at, comma - at), monotonic_now() + millis(patience_ms));
    if (answer) {
      return answer;
    }
    at = comma + 1;
  }
  return answer;
}

}  // namespace lc::cli
