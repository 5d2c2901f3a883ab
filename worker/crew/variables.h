#pragma once

#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string_view>

#include "common/result.h"
#include "proto/slice.h"

namespace lc::worker {

/// The variables of a reaction that the templates of a crew mention: the others are not built, so
/// that a crew pays for a batch of a thousand events only when it looks at them.
using Mentions = std::set<std::string_view>;

/// Adds every one of templates::kReactionVariables whose name stands in `text` as a word. A name
/// can reach a template or a patch only so: what is inserted is data.
void add_mentions(std::string_view text, Mentions& mentions);

/// The mentioned variables of `ready`, an object.
///
/// Errors: invalid_input - an event, the context or a need's action is no document of 64-bit
/// numbers.
Result<nlohmann::ordered_json> variables_of(const proto::Ready& ready, const Mentions& mentions);

}  // namespace lc::worker
