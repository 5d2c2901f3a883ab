#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"

// Landlock: what this process and all that it starts may reach, for good. Called by number: Debian
// 12 has no library for it, and its headers know less than its kernels.
namespace lc::worker {

inline constexpr int kLandlockNetAbi = 4;     // TCP ports
inline constexpr int kLandlockScopesAbi = 6;  // signals, abstract UNIX sockets

enum class Access {
  read,     // and list, and run
  change,   // as read; and write, make, move and remove
  scratch,  // as change, but nothing in it is run
  device,   // a device file: read, write, ioctl
};

/// A folder with all that is below, or a file.
struct Place {
  std::string path;
  Access access = Access::read;
  bool required = false;  // it is an error when it is not there

  bool operator==(const Place&) const = default;
};

struct Reach {
  std::vector<Place> places;
  std::vector<std::uint16_t> ports;  // to which TCP may connect; nothing is bound
};

/// The kernel's version of Landlock; 0: it has none, or it is switched off.
int landlock_abi();

/// Nothing but `reach` from here on, as far as a kernel of version `abi` (not 0) can tell; signals
/// go only to processes under the same restriction. Needs no_new_privs, and that no other thread
/// runs.
///
/// Errors: not_found - a required place is not there, named; denied - it cannot be opened, or the
/// kernel refuses.
Status restrict_to(const Reach& reach, int abi);

}  // namespace lc::worker
