#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "worker/child_tree.h"
#include "worker/crew/environment.h"
#include "worker/debug/options.h"

// The recorded reaction, as `live-crew journal ready` tells it: a worker reads no journal itself.
namespace lc::worker {

/// What that command printed; its complaints went to our standard error.
struct Fetched {
  int exit_code = 0;  // as it has it; it printed a reaction when it is 0
  std::string text;
};

/// The words of the command behind the program's name.
std::vector<std::string> fetch_words(const DebugOptions& options);

/// Errors: unavailable, denied - the command cannot be run; overloaded - it printed more than a
/// recorded reaction may have.
Result<Fetched> fetch_reaction(const std::string& live_crew, const DebugOptions& options,
                               const Environment& environment, ChildTree& tree);

/// Where `live-crew` is: LIVE_CREW, beside this program, or in PATH.
///
/// Errors: not_found - nowhere; says where it was sought.
Result<std::string> find_live_crew(const Environment& environment);

/// The program of that name in PATH; empty when there is none.
std::string find_in_path(const Environment& environment, const std::string& name);

}  // namespace lc::worker
