#pragma once

#include <map>
#include <string>
#include <vector>

#include "proto/worker_config.h"

namespace lc::worker {

using Environment = std::map<std::string, std::string>;

/// The variables as `main` gets them; a null pointer ends the list.
Environment read_environment(const char* const* entries);

/// What a crew's program sees: the variables on a short list, those that the operator names in
/// LIVE_CREW_PASS_ENV, and facts about the crew. NATS addresses and the like stay here.
///
/// `python_dir` is put in front of PYTHONPATH unless it is empty.
Environment program_environment(const Environment& own, const proto::WorkerConfig& config,
                                const std::string& python_dir);

std::vector<std::string> to_words(const Environment& environment);  // NAME=value

/// Where the Python package lives: LIVE_CREW_PYTHON_DIR, beside the executable, or where it was
/// installed; empty when it is nowhere.
std::string find_python_dir(const Environment& own);

}  // namespace lc::worker
