#include "worker/sandbox/bpf.h"

#include <linux/audit.h>

#include <cstddef>

#include "common/check.h"

namespace lc::worker {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#elif defined(__riscv) && __riscv_xlen == 64
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_RISCV64;
#else
#error "name the architecture's AUDIT_ARCH_ here; it must be little-endian, see argument_at()"
#endif

// From here on, x86-64 has the calls of x32: the same architecture, other numbers.
constexpr std::uint32_t kX32Bit = 0x40000000;

constexpr sock_filter statement(unsigned code, std::uint32_t k) {
  return {.code = static_cast<std::uint16_t>(code), .jt = 0, .jf = 0, .k = k};
}

/// Skips `count` instructions when the comparison does not hold.
sock_filter unless_skip(unsigned comparison, std::uint32_t k, std::size_t count) {
  LC_ASSERT(count <= 255);
  return {.code = static_cast<std::uint16_t>(BPF_JMP | comparison | BPF_K),
          .jt = 0,
          .jf = static_cast<std::uint8_t>(count),
          .k = k};
}

sock_filter load(std::size_t offset) {
  return statement(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}

std::size_t argument_at(unsigned argument) {
  return offsetof(seccomp_data, args) + argument * sizeof(std::uint64_t);
}

}  // namespace

Bpf join(std::initializer_list<Bpf> parts) {
  Bpf out;
  for (const Bpf& part : parts) {
    out.insert(out.end(), part.begin(), part.end());
  }
  return out;
}

Bpf verdict(std::uint32_t action) {
  return {statement(BPF_RET | BPF_K, action)};
}

Bpf when(const ArgumentIs& test, const Bpf& then, const Bpf& otherwise) {
  return join({{load(argument_at(test.argument)), statement(BPF_ALU | BPF_AND | BPF_K, test.mask),
                unless_skip(BPF_JEQ, test.value, then.size())},
               then,
               otherwise});
}

Bpf when_any_bit(unsigned argument, std::uint32_t bits, const Bpf& then, const Bpf& otherwise) {
  return join(
      {{load(argument_at(argument)), unless_skip(BPF_JSET, bits, then.size())}, then, otherwise});
}

Bpf on_call(long number, const Bpf& judged) {
  return join({{unless_skip(BPF_JEQ, static_cast<std::uint32_t>(number), judged.size())}, judged});
}

Bpf native_calls_only() {
  Bpf start =
      join({{load(offsetof(seccomp_data, arch)),
             sock_filter{.code = BPF_JMP | BPF_JEQ | BPF_K, .jt = 1, .jf = 0, .k = kArchitecture}},
            verdict(kKill),
            {load(offsetof(seccomp_data, nr))}});
#if defined(__x86_64__)
  start = join({start, {unless_skip(BPF_JGE, kX32Bit, 1)}, verdict(kKill)});
#endif
  return start;
}

}  // namespace lc::worker
