#pragma once

#include <map>
#include <set>
#include <vector>

#include "common/ids.h"
#include "common/time.h"

namespace lc::supervisor {

inline constexpr Micros kCoverageGrace = seconds(10);  // for hosts that are on their way

/// Which crews no host has selected. Pure.
class Coverage {
 public:
  /// Takes the crews that nobody runs now; returns those for which that is to be told, once each
  /// until somebody runs them.
  std::vector<CrewId> look(const std::set<CrewId>& nowhere, MonoTime now);

 private:
  struct Gap {
    MonoTime since;
    bool is_told = false;
  };

  std::map<CrewId, Gap> gaps_;
};

}  // namespace lc::supervisor
