#pragma once

#include <functional>
#include <string>

#include "common/result.h"
#include "supervisor/cli/script.h"

namespace lc::cli {

/// Runs the real engine on a script in virtual time. Each slice that was closed is one line, given
/// to `print` when nothing can be added to it; the last line is the summary.
///
/// Time: an event arrives at its ts, or with the event before it when that is later. At one instant
/// answers come first, then the beat, then events.
/// Errors: overloaded - more than kSimulatedSlicesMax slices would have to be printed.
Status simulate(const Script& script, const std::function<void(const std::string&)>& print);

}  // namespace lc::cli
