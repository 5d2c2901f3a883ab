#include "proto/outcome.h"

#include "common/check.h"

namespace lc::proto {

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok:
      return "ok";
    case Outcome::error:
      return "error";
    case Outcome::exit:
      return "exit";
    case Outcome::crash:
      return "crash";
    case Outcome::timeout:
      return "timeout";
    case Outcome::init_timeout:
      return "init_timeout";
    case Outcome::oom:
      return "oom";
    case Outcome::sandbox:
      return "sandbox";
    case Outcome::protocol:
      return "protocol";
    case Outcome::killed_external:
      return "killed_external";
    case Outcome::admin:
      return "admin";
    case Outcome::shutdown:
      return "shutdown";
    case Outcome::spawn_failed:
      return "spawn_failed";
  }
  LC_ASSERT(false && "an outcome without a word");
}

Outcome outcome_of_error(std::string_view error) {
  if (error.starts_with("protocol:")) {
    return Outcome::protocol;
  }
  if (error.starts_with("exit:")) {
    return Outcome::exit;
  }
  if (error.starts_with("crash:")) {
    return Outcome::crash;
  }
  return Outcome::error;
}

bool is_strike(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok:
    case Outcome::admin:
    case Outcome::shutdown:
    case Outcome::spawn_failed:
      return false;
    case Outcome::error:
    case Outcome::exit:
    case Outcome::crash:
    case Outcome::timeout:
    case Outcome::init_timeout:
    case Outcome::oom:
    case Outcome::sandbox:
    case Outcome::protocol:
    case Outcome::killed_external:
      return true;
  }
  LC_ASSERT(false && "an outcome without a verdict");
}

}  // namespace lc::proto
