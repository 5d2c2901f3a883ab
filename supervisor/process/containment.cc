#include "supervisor/process/containment.h"

#include <utility>

#include "supervisor/process/probe.h"

namespace lc::process {
namespace {

Status try_cell(const Cells& cells, const std::vector<std::string>& probe) {
  LC_TRY(const auto cell, cells.make("join", {}));
  SpawnRequest request{.argv = probe, .env = {door_variable(*cell)}, .doors = cell->doors()};
  LC_TRY(const std::string output, run_to_end(request));
  return {};
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
  if (auto inside = run_to_end({.argv = probe, .env = {}, .pids = PidNamespace::fresh}); inside) {
    cells->use_pid_namespaces();
  } else {
    cells->explain("; no PID namespace either: " + inside.error().message);
  }
  return cells;
}

}  // namespace lc::process
