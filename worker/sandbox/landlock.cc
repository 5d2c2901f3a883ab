#include "worker/sandbox/landlock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "common/fd.h"

namespace lc::worker {
namespace {

// What Debian 12's header does not have. Source: include/uapi/linux/landlock.h of Linux 6.15.
constexpr std::uint64_t kFsTruncate = 1ULL << 14U;  // ABI 3
constexpr std::uint64_t kFsIoctlDev = 1ULL << 15U;  // ABI 5
constexpr std::uint64_t kNetBindTcp = 1ULL << 0U;
constexpr std::uint64_t kNetConnectTcp = 1ULL << 1U;
constexpr std::uint64_t kScopeAbstractUnixSocket = 1ULL << 0U;
constexpr std::uint64_t kScopeSignal = 1ULL << 1U;
constexpr int kRuleNetPort = 2;

struct RulesetAttributes {
  std::uint64_t handled_access_fs = 0;
  std::uint64_t handled_access_net = 0;  // since ABI 4
  std::uint64_t scoped = 0;              // since ABI 6
};
constexpr std::size_t kSizeBeforeNet = 8;
constexpr std::size_t kSizeBeforeScoped = 16;

struct NetPortAttributes {
  std::uint64_t allowed_access = 0;
  std::uint64_t port = 0;
};

constexpr std::uint64_t kRead =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
// No device files: whoever may make one reaches everything.
constexpr std::uint64_t kWrite = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
                                 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                                 LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM |
                                 LANDLOCK_ACCESS_FS_REFER | kFsTruncate;
constexpr std::uint64_t kDevice =
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | kFsTruncate | kFsIoctlDev;
constexpr std::uint64_t kOfFiles = LANDLOCK_ACCESS_FS_EXECUTE | kDevice;

std::uint64_t rights_of(Access access) {
  switch (access) {
    case Access::read:
      return kRead;
    case Access::change:
      return kRead | kWrite;
    case Access::scratch:
      return (kRead | kWrite) & ~std::uint64_t{LANDLOCK_ACCESS_FS_EXECUTE};
    case Access::device:
      return kDevice;
  }
  return 0;
}

std::uint64_t handled_by(int abi) {
  const unsigned bits = abi >= 5 ? 16 : abi >= 3 ? 15 : abi >= 2 ? 14 : 13;
  return (1ULL << bits) - 1;
}

Status allow_place(int ruleset, const Place& place, std::uint64_t handled) {
  const OwnedFd fd(open(place.path.c_str(), O_PATH | O_CLOEXEC));
  struct stat facts{};
  if (!fd || fstat(fd.get(), &facts) != 0) {
    return place.required ? std::unexpected(errno_error(place.path, errno)) : Status();
  }
  std::uint64_t rights = rights_of(place.access) & handled;
  if (!S_ISDIR(facts.st_mode)) {
    rights &= kOfFiles;
  }
  const landlock_path_beneath_attr rule{.allowed_access = rights, .parent_fd = fd.get()};
  if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
    return std::unexpected(errno_error("Landlock: " + place.path, errno));
  }
  return {};
}

Status allow_port(int ruleset, std::uint16_t port) {
  const NetPortAttributes rule{.allowed_access = kNetConnectTcp, .port = port};
  if (syscall(SYS_landlock_add_rule, ruleset, kRuleNetPort, &rule, 0) != 0) {
    return std::unexpected(errno_error(fmt::format("Landlock: port {}", port), errno));
  }
  return {};
}

}  // namespace

int landlock_abi() {
  const long abi =
      syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return abi > 0 ? static_cast<int>(abi) : 0;
}

Status restrict_to(const Reach& reach, int abi) {
  RulesetAttributes attributes{.handled_access_fs = handled_by(abi)};
  std::size_t size = kSizeBeforeNet;
  if (abi >= kLandlockNetAbi) {
    attributes.handled_access_net = kNetBindTcp | kNetConnectTcp;
    size = kSizeBeforeScoped;
  }
  if (abi >= kLandlockScopesAbi) {
    attributes.scoped = kScopeAbstractUnixSocket | kScopeSignal;
    size = sizeof attributes;
  }
  const OwnedFd ruleset(
      static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes, size, 0)));
  if (!ruleset) {
    return std::unexpected(errno_error("Landlock: making a ruleset", errno));
  }
  for (const Place& place : reach.places) {
    LC_TRY_STATUS(allow_place(ruleset.get(), place, attributes.handled_access_fs));
  }
  for (const std::uint16_t port : reach.ports) {
    if (abi >= kLandlockNetAbi) {
      LC_TRY_STATUS(allow_port(ruleset.get(), port));
    }
  }
  if (syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) {
    return std::unexpected(errno_error("Landlock: restricting ourselves", errno));
  }
  return {};
}

}  // namespace lc::worker
