#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

// Programs of seccomp, classic BPF: few instructions, jumps forward only. Every part built here
// ends with a verdict on each of its paths, so parts are put together by skipping them.
namespace lc::worker {

using Bpf = std::vector<sock_filter>;

inline constexpr std::uint32_t kAllow = SECCOMP_RET_ALLOW;
inline constexpr std::uint32_t kKill = SECCOMP_RET_KILL_PROCESS;
constexpr std::uint32_t refuse_with(int error) {
  return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error);
}

inline constexpr std::uint32_t kWhole = 0xFFFFFFFFU;

/// Judges the lower half of one argument, which is all that the kernel takes of an `int`.
struct ArgumentIs {
  unsigned argument = 0;
  std::uint32_t mask = kWhole;
  std::uint32_t value = 0;
};

Bpf verdict(std::uint32_t action);

/// `then` when the argument is as said, else `otherwise`; each has at most 255 instructions.
Bpf when(const ArgumentIs& test, const Bpf& then, const Bpf& otherwise);

/// `then` when the argument has one of these bits, else `otherwise`.
Bpf when_any_bit(unsigned argument, std::uint32_t bits, const Bpf& then, const Bpf& otherwise);

/// One system call and its verdict; the others go on to what follows.
Bpf on_call(long number, const Bpf& judged);

/// The program's start: kills calls of foreign architectures, and leaves the call's number loaded.
/// on_call parts may follow, and a verdict at the end.
Bpf native_calls_only();

Bpf join(std::initializer_list<Bpf> parts);

}  // namespace lc::worker
