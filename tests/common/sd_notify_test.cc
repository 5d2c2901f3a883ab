#include "common/sd_notify.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

namespace lc {
namespace {

/// A service manager's datagram socket.
class Manager {
 public:
  explicit Manager(const std::string& name) : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name.front() == '@') {
      address.sun_path[0] = '\0';
    }
    auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    REQUIRE(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), length) == 0);
    REQUIRE(set_nonblocking(fd_.get()));
  }

  std::string next() {
    std::array<char, 1'000> buffer{};
    ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    return {buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
  }

 private:
  OwnedFd fd_;
};

void says_everything(Manager& manager, SdNotify& notify) {
  CHECK(notify.active());
  REQUIRE(notify.ready("4 crews"));
  CHECK(manager.next() == "READY=1\nSTATUS=4 crews");
  REQUIRE(notify.status("slice 7\nREADY=1"));
  CHECK(manager.next() == "STATUS=slice 7");
  REQUIRE(notify.watchdog());
  CHECK(manager.next() == "WATCHDOG=1");
  REQUIRE(notify.stopping());
  CHECK(manager.next() == "STOPPING=1");
}

TEST_CASE("sd_notify: a socket in the file system hears everything") {
  std::string folder = "/tmp/live-crew-notify-XXXXXX";
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  std::string path = folder + "/notify";
  {
    Manager manager(path);
    SdNotify notify = SdNotify::create(path).value();
    says_everything(manager, notify);
  }
  ::unlink(path.c_str());
  SdNotify orphan = SdNotify::create(path).value();
  CHECK(orphan.watchdog().error().code == ErrorCode::not_found);
  ::rmdir(folder.c_str());
}

TEST_CASE("sd_notify: an abstract socket, named by the environment, which is cleared") {
  std::string name = "@live-crew-test-" + std::to_string(::getpid());
  Manager manager(name);
  ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  SdNotify notify = SdNotify::from_environment().value();
  CHECK(std::getenv("NOTIFY_SOCKET") == nullptr);
  says_everything(manager, notify);
}

TEST_CASE("sd_notify: nobody asked, nothing is sent, nothing fails") {
  SdNotify notify = SdNotify::from_environment().value();
  CHECK_FALSE(notify.active());
  CHECK(notify.ready());
}

TEST_CASE("sd_notify: a manager that does not read does not block us") {
  std::string name = "@live-crew-deaf-" + std::to_string(::getpid());
  Manager manager(name);
  SdNotify notify = SdNotify::create(name).value();
  bool refused = false;
  for (int i = 0; i < 100'000 && !refused; ++i) {
    refused = !notify.watchdog().has_value();
  }
  CHECK(refused);
}

TEST_CASE("sd_notify: a path that is none is refused") {
  CHECK_FALSE(SdNotify::create("relative/path").has_value());
  CHECK_FALSE(SdNotify::create("/" + std::string(200, 'x')).has_value());
}

TEST_CASE("sd_notify: the watchdog's interval is half of what the manager allows") {
  CHECK(parse_watchdog(nullptr, nullptr, 7).value() == std::nullopt);
  CHECK(parse_watchdog("10000000", nullptr, 7).value() == seconds(5));
  CHECK(parse_watchdog("10000000", "7", 7).value() == seconds(5));
  CHECK(parse_watchdog("10000000", "8", 7).value() == std::nullopt);
  CHECK(parse_watchdog("0", nullptr, 7).value() == std::nullopt);
  CHECK_FALSE(parse_watchdog("soon", nullptr, 7).has_value());
  CHECK_FALSE(parse_watchdog("-1", nullptr, 7).has_value());
}

}  // namespace
}  // namespace lc
