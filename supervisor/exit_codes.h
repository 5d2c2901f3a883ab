#pragma once

namespace lc::supervisor {

// Exit codes are an interface: scripts and systemd units act on them. README.md lists them.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 64;
inline constexpr int kExitBadData = 65;
inline constexpr int kExitNoInput = 66;
inline constexpr int kExitUnavailable = 69;
inline constexpr int kExitInternal = 70;
inline constexpr int kExitConfig = 78;

}  // namespace lc::supervisor
