#include "supervisor/process/lifecycle.h"

namespace lc::process {

std::string_view to_string(State state) {
  switch (state) {
    case State::stopped:
      return "stopped";
    case State::spawning:
      return "spawning";
    case State::starting:
      return "starting";
    case State::standby:
      return "standby";
    case State::idle:
      return "idle";
    case State::reacting:
      return "reacting";
    case State::leaving:
      return "leaving";
    case State::killing:
      return "killing";
    case State::unkillable:
      return "unkillable";
    case State::backoff:
      return "backoff";
    case State::disabled:
      return "disabled";
  }
  return "";
}

std::string_view to_string(EventKind kind) {
  switch (kind) {
    case EventKind::start:
      return "start";
    case EventKind::enable:
      return "enable";
    case EventKind::disable:
      return "disable";
    case EventKind::shutdown:
      return "shutdown";
    case EventKind::spawned:
      return "spawned";
    case EventKind::spawn_failed:
      return "spawn_failed";
    case EventKind::standby:
      return "standby";
    case EventKind::ready:
      return "ready";
    case EventKind::failed:
      return "failed";
    case EventKind::armed:
      return "armed";
    case EventKind::progress:
      return "progress";
    case EventKind::disarmed:
      return "disarmed";
    case EventKind::broken:
      return "broken";
    case EventKind::exited:
      return "exited";
    case EventKind::tree_gone:
      return "tree_gone";
    case EventKind::promote:
      return "promote";
    case EventKind::demote:
      return "demote";
    case EventKind::deadline:
      return "deadline";
  }
  return "";
}

}  // namespace lc::process
