#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What a worker process may do and use, as its crew's file says it; who enforces it is said beside.
namespace lc::proto {

enum class SandboxLevel {
  off,       // only the limits below
  standard,  // files, ports, signals and system calls that crews do not need are out of reach
  strict,    // also: nothing written, no sockets but TCP, no port by default
};
std::string_view to_string(SandboxLevel level);

inline constexpr std::int64_t kMemoryMbMax = 16'777'216;
inline constexpr std::int64_t kMemoryMbMin = 16;
inline constexpr std::int64_t kPidsMax = 1'000'000;
inline constexpr std::int64_t kPidsMin = 8;  // a worker alone has four threads
inline constexpr std::int64_t kPidsDefault = 256;
inline constexpr std::int64_t kCpuWeightMax = 10'000;
inline constexpr std::int64_t kCpuWeightDefault = 100;
inline constexpr std::int64_t kOpenFilesMax = 1'048'576;
inline constexpr std::int64_t kOpenFilesMin = 32;
inline constexpr std::int64_t kOpenFilesDefault = 1'024;
inline constexpr std::int64_t kFileSizeMbMax = 16'777'216;
inline constexpr std::size_t kSandboxPathsMax = 100;
inline constexpr std::size_t kSandboxPortsMax = 100;
inline constexpr std::int64_t kPortMax = 65'535;

/// Limits of a worker and all that it starts together, by its cgroup where the host has one.
struct CgroupLimits {
  std::optional<std::int64_t> memory_mb;  // MiB; absent: as much as there is
  std::int64_t pids = kPidsDefault;       // processes and threads
  std::int64_t cpu_weight = kCpuWeightDefault;

  bool operator==(const CgroupLimits&) const = default;
};

/// What a worker puts on itself before it runs anything of its crew.
///
/// Source: proto/schemas/worker_config.json.
struct Sandbox {
  SandboxLevel level = SandboxLevel::standard;
  std::vector<std::string> read;      // folders and files that it may read and run, absolute
  std::vector<std::string> write;     // folders that it may change as well, absolute
  std::vector<std::int64_t> connect;  // TCP ports that it may connect to
  std::int64_t open_files = kOpenFilesDefault;  // of one process
  std::optional<std::int64_t> file_size_mb;     // MiB, of one file; absent: no limit
  bool required = false;            // refuse to run when the kernel cannot make it whole
  std::optional<std::int64_t> uid;  // user and group to become; absent: stays

  bool operator==(const Sandbox&) const = default;
};

}  // namespace lc::proto
