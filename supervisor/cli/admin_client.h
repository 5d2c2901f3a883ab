#pragma once

#include <string>

#include "common/json.h"
#include "common/result.h"

namespace lc::cli {

/// Asks a running supervisor over its admin socket and waits for the answer, up to five seconds.
///
/// Errors: unavailable - nobody listens (says what to try); denied - no permission; otherwise what
/// the supervisor answered.
Result<Json> ask_supervisor(const std::string& socket_path, const std::string& method,
                            const Json& params = JsonObject{});

}  // namespace lc::cli
