#include "supervisor/process/ending.h"

#include <fmt/format.h>

#include <csignal>
#include <cstring>

namespace lc::process {

Ending classify(const ExitStatus& exit, During during, Memory memory) {
  if (memory == Memory::exhausted) {
    return {proto::Outcome::oom, "killed: it needed more memory than its limit"};
  }
  if (exit.signal == 0) {
    if (exit.code == kExitUnavailable && during == During::rest) {
      return {
          proto::Outcome::spawn_failed,
          fmt::format("left with exit code {}: a service that it needs is unavailable", exit.code)};
    }
    return {proto::Outcome::exit, fmt::format("left with exit code {}", exit.code)};
  }
  if (exit.signal == SIGKILL) {
    return {proto::Outcome::killed_external, "killed by a SIGKILL from outside"};
  }
  const char* description = sigdescr_np(exit.signal);
  const auto words = fmt::format("died of signal {} ({})", exit.signal,
                                 description == nullptr ? "unknown" : description);
  return {exit.signal == SIGSYS ? proto::Outcome::sandbox : proto::Outcome::crash, words};
}

}  // namespace lc::process
