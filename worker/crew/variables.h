#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "common/result.h"
#include "proto/slice.h"

namespace lc::worker {

/// Which of a reaction's variables the templates of a crew mention: the others are not built, so
/// that a crew pays for a batch of a thousand events only when it looks at them.
///
/// A name can reach a template or a patch only by standing in its text: what is inserted is data.
class Mentions {
 public:
  /// Adds every variable whose name stands in `text` as a word.
  void add(std::string_view text);

  bool has(std::string_view variable) const;

 private:
  std::uint32_t mentioned_ = 0;  // a bit for each of templates::kReactionVariables
};

/// The mentioned variables of `ready`, an object.
///
/// Errors: invalid_input - an event, the context or a need's action is no document of 64-bit
/// numbers.
Result<nlohmann::ordered_json> variables_of(const proto::Ready& ready, const Mentions& mentions);

}  // namespace lc::worker
