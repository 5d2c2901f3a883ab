// What crews never need and attacks do. It is a list of what is refused, not of what is allowed: a
// new C library or interpreter with a new call must go on working. EPERM, so that a program that
// only tries goes on; clone3, whose flags a filter cannot read, does not exist: C libraries then
// start their threads with clone.

#include "worker/sandbox/filter.h"

#include <sched.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <netinet/in.h>

#include <array>
#include <cerrno>

namespace lc::worker {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kLeakCheckerTraces = true;  // at exit it stops our threads by ptrace
#else
constexpr bool kLeakCheckerTraces = false;
#endif

constexpr auto kRefused = std::to_array<long>({
    // other processes and namespaces
    SYS_unshare,
    SYS_setns,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_process_madvise,
    SYS_pidfd_getfd,
    SYS_kcmp,
    // mounts
    SYS_mount,
    SYS_umount2,
    SYS_move_mount,
    SYS_open_tree,
    SYS_fsopen,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_fspick,
    SYS_mount_setattr,
    SYS_pivot_root,
    SYS_chroot,
    SYS_open_by_handle_at,
    SYS_swapon,
    SYS_swapoff,
    SYS_quotactl,
    SYS_quotactl_fd,
    SYS_fanotify_init,
    // large parts of the kernel
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    // the machine
    SYS_kexec_load,
    SYS_kexec_file_load,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_reboot,
    SYS_acct,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_clock_adjtime,
    SYS_adjtimex,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_syslog,
    SYS_vhangup,
#ifdef SYS_iopl
    SYS_iopl,
    SYS_ioperm,
    SYS_modify_ldt,
#endif
});

constexpr std::uint32_t kNamespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                      CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
constexpr std::uint32_t kSocketTypeMask = 0xF;  // the other bits are SOCK_CLOEXEC and the like
constexpr std::uint32_t kTiocLinux = 0x541C;
constexpr std::uint32_t kIoprioWhoUser = 3;

const Bpf kYes = verdict(kAllow);
const Bpf kNo = verdict(refuse_with(EPERM));

// TCP and nothing else: SOCK_STREAM of another protocol (MPTCP, SCTP) would pass by Landlock.
Bpf judge_inet_socket() {
  const Bpf protocol = when({.argument = 2, .value = 0}, kYes,
                            when({.argument = 2, .value = IPPROTO_TCP}, kYes, kNo));
  return when({.argument = 1, .mask = kSocketTypeMask, .value = SOCK_STREAM}, protocol, kNo);
}

Bpf judge_unix_socket(proto::SandboxLevel level) {
  if (level == proto::SandboxLevel::strict) {
    return kNo;
  }
  Bpf judged = kNo;
  for (const std::uint32_t type : {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET}) {
    judged = when({.argument = 1, .mask = kSocketTypeMask, .value = type}, kYes, judged);
  }
  return judged;
}

Bpf judge_socket(proto::SandboxLevel level) {
  return when({.value = AF_INET}, judge_inet_socket(),
              when({.value = AF_INET6}, judge_inet_socket(),
                   when({.value = AF_UNIX}, judge_unix_socket(level), kNo)));
}

// Ways to push text into the terminal that the operator sits at.
Bpf judge_ioctl() {
  return when({.argument = 1, .value = TIOCSTI}, kNo,
              when({.argument = 1, .value = kTiocLinux}, kNo, kYes));
}

// Connects on the way, past Landlock's check of the port.
Bpf judge_flags_of_sending(unsigned argument) {
  return when_any_bit(argument, MSG_FASTOPEN, kNo, kYes);
}

// Processes of one user may set each other's limits and priorities: that would slow the supervisor
// down, or end it.
Bpf judge_process(unsigned argument) {
  return when({.argument = argument, .value = 0 /* itself */}, kYes, kNo);
}

Bpf judge_priority(std::uint32_t every_process_of_user) {
  return when({.argument = 0, .value = every_process_of_user}, kNo, judge_process(1));
}

Bpf judge_personality() {
  Bpf judged = kNo;
  for (const std::uint32_t harmless : {std::uint32_t{PER_LINUX}, kWhole /* only asks */}) {
    judged = when({.value = harmless}, kYes, judged);
  }
  return judged;
}

}  // namespace

Bpf call_filter(proto::SandboxLevel level) {
  Bpf filter =
      join({native_calls_only(), on_call(SYS_clone3, verdict(refuse_with(ENOSYS))),
            on_call(SYS_clone, when_any_bit(0, kNamespaces, kNo, kYes)),
            on_call(SYS_socket, judge_socket(level)),
            on_call(SYS_socketpair, when({.value = AF_UNIX}, kYes, kNo)),
            on_call(SYS_sendto, judge_flags_of_sending(3)),
            on_call(SYS_sendmsg, judge_flags_of_sending(2)),
            on_call(SYS_sendmmsg, judge_flags_of_sending(3)), on_call(SYS_ioctl, judge_ioctl()),
            on_call(SYS_personality, judge_personality()),
            on_call(SYS_setpriority, judge_priority(PRIO_USER)),
            on_call(SYS_ioprio_set, judge_priority(kIoprioWhoUser))});
  for (const long number : {SYS_prlimit64, SYS_sched_setaffinity, SYS_sched_setattr,
                            SYS_sched_setparam, SYS_sched_setscheduler}) {
    filter = join({filter, on_call(number, judge_process(0))});
  }
  for (const long number : kRefused) {
    filter = join({filter, on_call(number, kNo)});
  }
  if (!kLeakCheckerTraces) {
    filter = join({filter, on_call(SYS_ptrace, kNo)});
  }
  return join({filter, kYes});
}

Bpf no_exec_filter() {
  return join({native_calls_only(), on_call(SYS_execve, kNo), on_call(SYS_execveat, kNo), kYes});
}

}  // namespace lc::worker
