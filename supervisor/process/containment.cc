#include "supervisor/process/containment.h"

#include <fmt/format.h>
#include <poll.h>

#include <utility>

#include "proto/worker_config.h"
#include "supervisor/process/kill.h"
#include "supervisor/process/spawn.h"

namespace lc::process {
namespace {

constexpr int kProbeTimeoutMs = 5'000;

Status run_probe(SpawnRequest request) {
  LC_TRY(const Spawned process, spawn(request));
  pollfd ended{.fd = process.pidfd.get(), .events = POLLIN, .revents = 0};
  if (::poll(&ended, 1, kProbeTimeoutMs) != 1) {
    kill_group(process.pid, process.pidfd.get());
    ::poll(&ended, 1, kProbeTimeoutMs);
  }
  const auto exit = peek_exit(process.pidfd.get());
  reap(process.pidfd.get());
  if (!exit || *exit != ExitStatus{}) {
    return fail(ErrorCode::unavailable,
                fmt::format("'{}' did not end with exit code 0", request.argv.front()));
  }
  return {};
}

Status try_cell(const Cells& cells, const std::vector<std::string>& probe) {
  LC_TRY(const auto cell, cells.make("join", {}));
  SpawnRequest request{.argv = probe, .env = {door_variable(*cell)}, .doors = cell->doors()};
  return run_probe(std::move(request));
}

}  // namespace

std::unique_ptr<Cells> usable_cells(std::string_view name, const std::vector<std::string>& probe) {
  auto cells = Cells::create(name);
  if (auto joined = try_cell(*cells, probe); !joined) {
    cells->give_up_cgroups("a process cannot join the cgroups here: " + joined.error().message);
  }
  if (cells->level() == Containment::cgroup) {
    return cells;
  }
  if (auto inside = run_probe({.argv = probe, .env = {}, .pids = PidNamespace::fresh}); inside) {
    cells->use_pid_namespaces();
  } else {
    cells->explain("; no PID namespace either: " + inside.error().message);
  }
  return cells;
}

}  // namespace lc::process
