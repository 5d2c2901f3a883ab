#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/result.h"
#include "proto/order.h"
#include "proto/outcome.h"

namespace lc::proto {

inline constexpr std::size_t kHostFailuresMax = 32;

/// What a worker on a host does. The words on the wire are the enumerators.
enum class WorkerState { down, ready, reacting };
inline constexpr std::array kWorkerStates = {WorkerState::down, WorkerState::ready,
                                             WorkerState::reacting};

/// The worker of one crew on a host.
struct HostCrew {
  CrewId crew;
  WorkerState state = WorkerState::down;
  std::optional<Order> order;  // with reacting: to what

  bool operator==(const HostCrew&) const = default;
};

/// When a worker failed. The words on the wire are the enumerators.
enum class FailurePhase { starting, resting, reacting };
inline constexpr std::array kFailurePhases = {FailurePhase::starting, FailurePhase::resting,
                                              FailurePhase::reacting};

/// A worker that ended without an answer.
struct HostFailure {
  std::int64_t id = 0;  // counts the failures of this run of the host's supervisor, from 1
  CrewId crew;
  FailurePhase phase = FailurePhase::resting;
  std::optional<Order> order;  // with reacting: what is not answered
  Outcome outcome = Outcome::exit;
  std::string detail;  // words for a person
  std::string excuse;  // why it is no strike; empty: no excuse
  std::string worker;  // what is known of the process, a JSON object; empty: nothing

  bool operator==(const HostFailure&) const = default;
};

/// What a supervisor that does not lead tells of its workers, kind `__host` on `live.S.hosts`: all
/// of it each time, when something changes and once a second.
///
/// Source: proto/schemas/host_report.json.
struct HostReport {
  StreamId stream;
  std::string host;
  std::string boot_id;                // of this run of the supervisor
  std::int64_t seq = 0;               // counts the reports of this run, from 1
  bool is_leaving = false;            // the last one: its workers end
  std::vector<HostCrew> crews;        // that are selected there, sorted
  std::vector<HostFailure> failures;  // that no orders have named yet, at most kHostFailuresMax

  bool operator==(const HostReport&) const = default;
};

std::string_view to_string(WorkerState state);
std::string_view to_string(FailurePhase phase);

Result<HostReport> parse_host_report(std::string_view text);
std::string write_host_report(const HostReport& report);

}  // namespace lc::proto
