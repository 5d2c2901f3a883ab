#include "supervisor/process/probe.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "supervisor/process/kill.h"
#include "supervisor/process/output_tail.h"

namespace lc::process {
namespace {

constexpr int kTimeoutMs = 5'000;

}  // namespace

Result<std::string> run_to_end(const SpawnRequest& request) {
  LC_TRY(const Spawned process, spawn(request));
  pollfd ended{.fd = process.pidfd.get(), .events = POLLIN, .revents = 0};
  if (::poll(&ended, 1, kTimeoutMs) != 1) {
    kill_group(process.pid, process.pidfd.get());
    ::poll(&ended, 1, kTimeoutMs);
  }
  OutputTail output;
  std::array<char, 4096> chunk;
  for (ssize_t count = 0;
       (count = ::read(process.output_read.get(), chunk.data(), chunk.size())) > 0;) {
    output.append({chunk.data(), static_cast<std::size_t>(count)});
  }
  const auto exit = peek_exit(process.pidfd.get());
  reap(process.pidfd.get());
  if (!exit || *exit != ExitStatus{}) {
    return fail(ErrorCode::unavailable, fmt::format("'{}' did not end with exit code 0: {}",
                                                    request.argv.front(), output.text()));
  }
  return output.text();
}

Result<std::string> output_of(std::vector<std::string> argv) {
  return run_to_end({.argv = std::move(argv)});
}

}  // namespace lc::process
