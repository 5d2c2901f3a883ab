#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/ids.h"
#include "common/time.h"
#include "supervisor/engine/effect.h"

namespace lc::journal {

/// A message that follows from a decision: published until it is acknowledged.
struct Letter {
  enum class To { actions, errors };

  std::int64_t record = 0;  // the record that has the decision
  To to = To::actions;
  std::string msg_id;
  std::string data;
  WallTime expires;  // actions: nobody wants it any more after this

  bool operator==(const Letter&) const = default;
};

/// The letter of an action or an error. `errors` counts those of one record and makes their ids; it
/// starts at 0 with each record.
std::optional<Letter> letter_of(const engine::Effect& effect, const StreamId& stream,
                                std::int64_t record, std::int64_t& errors);

std::string_view to_string(Letter::To to);

}  // namespace lc::journal
