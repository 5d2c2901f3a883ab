#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/process/cell.h"

namespace lc::process {

/// Cells that workers can really join: `probe`, a command that joins as a worker does and leaves
/// with exit code 0, is run in one, then in a PID namespace where there are no cgroups. Takes
/// milliseconds; blocks meanwhile. What the probe started is gone then.
std::unique_ptr<Cells> usable_cells(std::string_view name, const std::vector<std::string>& probe);

}  // namespace lc::process
