#include "worker/sandbox/seccomp.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "common/check.h"
#include "common/fd.h"

namespace lc::worker {

Result<Installed> install_filter(const Bpf& filter) {
  LC_ASSERT(filter.size() <= BPF_MAXINSNS);
  std::uint32_t action = kKill;
  if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) != 0) {
    return Installed::not_known_to_kernel;
  }
  const sock_fprog program{.len = static_cast<unsigned short>(filter.size()),
                           .filter = const_cast<sock_filter*>(filter.data())};  // it is only read
  const long rc =
      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
  if (rc > 0) {
    return fail(ErrorCode::unavailable, "seccomp: a thread of ours has another filter");
  }
  if (rc < 0) {
    return std::unexpected(errno_error("seccomp", errno));
  }
  return Installed::yes;
}

}  // namespace lc::worker
