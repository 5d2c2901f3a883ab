#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "common/ids.h"
#include "common/time.h"
#include "proto/outcome.h"
#include "supervisor/process/ending.h"

namespace lc::process {

/// What a process, with all of its descendants that it waited for, has used.
struct Usage {
  std::int64_t user_us = 0;
  std::int64_t system_us = 0;
  std::int64_t memory_max_kib = 0;  // of all together where the host counts that, else of one

  bool operator==(const Usage&) const = default;
};

struct Reaction {
  SliceIndex slice;
  Attempt attempt;

  bool operator==(const Reaction&) const = default;
};

/// Everything that is known of a worker process that ended, or could not be started.
struct Ended {
  CrewId crew;
  std::optional<Reaction> reaction;  // that it owed
  proto::Outcome outcome = proto::Outcome::ok;
  std::string words;   // for a person
  std::string excuse;  // why it is no strike although it is a failure; empty: it is one
  std::string during;  // the state of README.md's table that it ended in
  bool unkillable = false;

  // From the missed deadline, else from the kill or the seen death.
  std::optional<std::int64_t> overshoot_us;  // to the SIGKILL; absent: no deadline was missed
  std::optional<std::int64_t> tree_gone_us;  // to the proof that no process is left; absent: none

  pid_t pid = 0;  // 0: there was none
  std::int64_t generation = 0;
  std::int64_t uptime_ms = 0;
  std::optional<ExitStatus> exit;
  std::optional<Usage> usage;
  std::optional<std::int64_t> forks_refused;  // by the limit `pids`, where that can be counted
  std::int64_t output_bytes = 0;              // in all, of stdout and stderr
  std::string output;                         // the last of it
};

}  // namespace lc::process
