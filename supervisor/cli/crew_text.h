#pragma once

#include <string>

#include "common/json.h"

// What `crew show` prints for a person.
namespace lc::cli {

/// A member as a person reads it: text without quotes, `-` for nothing.
std::string shown(const JsonObject& object, std::string_view key);

/// One crew, of the answer to `crew.show`.
std::string crew_text(const JsonObject& crew);

/// Its last kill report, with the output that was saved.
std::string kill_report_text(const JsonObject& report);

}  // namespace lc::cli
