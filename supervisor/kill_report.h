#pragma once

#include <string>

#include "common/ids.h"
#include "common/json.h"
#include "common/time.h"
#include "supervisor/process/ended.h"

// What is kept of a worker that ended, as text; supervisor/README.md describes it.
namespace lc::supervisor {

/// The facts for an `__error`: JSON object text, without the output.
std::string worker_facts(const process::Ended& ended, const std::string& report_path);

/// The whole report with the worker's last output.
std::string write_kill_report(const process::Ended& ended, const StreamId& stream, WallTime now);

}  // namespace lc::supervisor
