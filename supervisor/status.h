#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/bus.h"
#include "common/json.h"
#include "proto/heartbeat.h"
#include "supervisor/app.h"
#include "supervisor/standing.h"

// What the supervisor tells of itself: pure readings of its parts.
namespace lc::supervisor {

inline constexpr std::string_view kVersion = LC_VERSION;

Json status_json(const AppOptions& options, const Standing& standing, const Conductor& conductor,
                 const process::Fleet& fleet, const Bus& bus);
Json crews_json(const AppOptions& options, const Conductor& conductor, const process::Fleet& fleet);

/// One crew, with its last kill report (JSON text, or empty).
Json crew_json(const CrewId& crew, const AppOptions& options, const Conductor& conductor,
               const process::Fleet& fleet, const std::string& last_kill);
void fill_heartbeat(proto::Heartbeat& heartbeat, const AppOptions& options,
                    const Standing& standing, const Conductor& conductor,
                    const process::Fleet& fleet);

/// Errors: invalid_input - this host holds workers together less well than `require_containment`.
Status check_containment(const AppOptions& options, const process::Cells& cells);

/// Brings the gauges up to date that are read from the parts rather than counted.
void refresh_gauges(Metrics& metrics, const Conductor& conductor, const process::Fleet& fleet,
                    const Bus& bus);

/// One line for `systemctl status`.
std::string status_line(const Standing& standing, const Conductor& conductor, BusState bus);

std::string_view to_string(BusState state);

/// Errors: not_found - names the crews that there are.
Status check_crew_exists(const CrewId& crew, const AppOptions& options);

/// The end of what a worker wrote, short enough for a log line.
std::string last_lines(std::string_view output);

}  // namespace lc::supervisor
