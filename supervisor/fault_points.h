#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"

namespace lc::supervisor {

/// Places in the way of a decision where a test may let the process die, as if its power had gone.
///
/// `NAME:N` kills at the N-th time that NAME is passed; without a specification nothing happens.
class FaultPoints {
 public:
  FaultPoints() = default;

  /// Errors: invalid_input - not `NAME:N`, or no such name.
  static Result<FaultPoints> create(std::string_view specification);

  /// In the order of the way: `decided` (the engine has stepped), `appended` (its record is on its
  /// way), `kept` (the record is acknowledged), `left` (what follows was handed to the outbox),
  /// `delivered` (an action or error was acknowledged), `snapshot` (the context was broadcast),
  /// `checkpoint` (the first record of one is on its way), `dispatched` (a ready was given out).
  void pass(std::string_view name);

 private:
  std::string name_;
  std::int64_t left_ = 0;
};

}  // namespace lc::supervisor
