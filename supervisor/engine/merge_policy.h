#pragma once

#include <string>
#include <string_view>

#include "common/result.h"
#include "proto/config.h"

// How a write to a context key whose policy is not `replace` is combined with what the key holds.
// Values are canonical JSON text; `current` is empty when the key does not exist.
namespace lc::engine {

/// The value that the key has after `written` was set.
///
/// `deep`     objects are merged member by member, anything else is replaced
/// `counter`  the whole number written is added; a key that holds no whole number counts from 0
/// `gset`     the array's elements are added to a set, kept as an array in byte order
/// Others     `written`.
/// Errors: invalid_input - the policy does not accept `written`; says what it accepts.
Result<std::string> combine(const proto::ContextKeyPolicy& policy, std::string_view current,
                            std::string_view written);

/// Whether `current` and `written`, both of one beat, both have their effect under the policy.
bool keeps_both(proto::MergePolicy policy);

/// `state_machine`: the place of a state in the list, lowest priority first.
///
/// Errors: invalid_input - not one of the states; names them.
Result<std::size_t> state_rank(const proto::ContextKeyPolicy& policy, std::string_view state);

}  // namespace lc::engine
