#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "common/json.h"
#include "common/result.h"
#include "proto/context.h"

namespace lc::templates {

/// The only place where the base library's JSON and the mutable documents of templates meet.

/// Errors: invalid_input - not JSON, or a whole number beyond 64 bits.
Result<nlohmann::ordered_json> parse_document(std::string_view text);

/// A document whose members are the context's keys. Errors: as parse_document.
Result<nlohmann::ordered_json> context_document(const proto::Context& context);

/// Canonical JSON text. Errors: invalid_input - NaN or infinite, not UTF-8.
Result<std::string> canonical_text(const nlohmann::ordered_json& document);

}  // namespace lc::templates
