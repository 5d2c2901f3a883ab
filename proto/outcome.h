#pragma once

#include <array>
#include <string_view>

namespace lc::proto {

/// How a reaction ended. The words on the wire are the enumerators in lower case.
enum class Outcome {
  ok,
  error,            // the crew said so
  exit,             // its process left with a code
  crash,            // its process died of a signal of its own making
  timeout,          // killed at its deadline
  init_timeout,     // its process never became ready
  oom,              // killed by its memory limit
  sandbox,          // killed for a forbidden system call
  protocol,         // its answer broke the contract
  killed_external,  // killed by somebody else
  admin,            // stopped by an operator: no strike
  shutdown,         // stopped with the supervisor: no strike
  spawn_failed,     // our own failure to start it: no strike
};

inline constexpr std::array kOutcomes = {
    Outcome::ok,           Outcome::error,           Outcome::exit,  Outcome::crash,
    Outcome::timeout,      Outcome::init_timeout,    Outcome::oom,   Outcome::sandbox,
    Outcome::protocol,     Outcome::killed_external, Outcome::admin, Outcome::shutdown,
    Outcome::spawn_failed,
};

std::string_view to_string(Outcome outcome);

/// How a reaction ended by the words of its answer: `protocol: ...`, `exit:3`, `crash:11`, else
/// error.
Outcome outcome_of_error(std::string_view error);

/// Whether the outcome counts against the crew (design: consecutive strikes disable it).
bool is_strike(Outcome outcome);

}  // namespace lc::proto
