#include "worker/sandbox/identity.h"

#include <fmt/format.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "common/fd.h"

namespace lc::worker {
namespace {

// Without these, root could not use a crew's files that belong to others.
constexpr std::uint32_t kKept = 1U << CAP_DAC_OVERRIDE | 1U << CAP_DAC_READ_SEARCH;

}  // namespace

Status become_user(std::int64_t uid) {
  const auto id = static_cast<uid_t>(uid);
  if (geteuid() == id && getuid() == id && getegid() == id && getgid() == id) {
    return {};
  }
  if (setgroups(0, nullptr) != 0 || setresgid(id, id, id) != 0 || setresuid(id, id, id) != 0) {
    return std::unexpected(errno_error(fmt::format("becoming user {}", uid), errno));
  }
  // Otherwise our entries in /proc would stay root's, and we read our own list of children there.
  prctl(PR_SET_DUMPABLE, 1);
  return {};
}

Status drop_capabilities() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  if (syscall(SYS_capget, &header, sets.data()) != 0) {
    return std::unexpected(errno_error("reading capabilities", errno));
  }
  for (std::size_t i = 0; i < sets.size(); ++i) {
    const std::uint32_t kept = i == 0 ? kKept : 0;
    sets[i].effective &= kept;
    sets[i].permitted &= kept;
    sets[i].inheritable &= kept;
  }
  if (syscall(SYS_capset, &header, sets.data()) != 0) {
    return std::unexpected(errno_error("dropping capabilities", errno));
  }
  return {};
}

Status gain_no_privileges() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return std::unexpected(errno_error("PR_SET_NO_NEW_PRIVS", errno));
  }
  return {};
}

}  // namespace lc::worker
