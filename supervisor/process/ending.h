#pragma once

#include <string>

#include "proto/outcome.h"

namespace lc::process {

/// How a process ended, as waitid says it.
struct ExitStatus {
  int code = 0;    // of a normal exit
  int signal = 0;  // that killed it; 0: it left by itself

  bool operator==(const ExitStatus&) const = default;
};

struct Ending {
  proto::Outcome outcome = proto::Outcome::exit;
  std::string words;
};

inline constexpr int kExitUnavailable =
    69;  // the worker's word for "no NATS": not the crew's fault

enum class During { reaction, rest };

/// Whether the kernel ended something of this generation for want of memory, by its own counter.
enum class Memory { enough, exhausted };

/// What the end of a process that we did not kill says about the crew.
///
/// A SIGKILL that was not ours is killed_external unless memory was exhausted: the status does not
/// tell who sent it.
Ending classify(const ExitStatus& exit, During during, Memory memory = Memory::enough);

}  // namespace lc::process
