#include "supervisor/status.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <vector>

#include "common/diagnostic.h"

namespace lc::supervisor {
namespace {

constexpr std::size_t kLoggedOutputBytesMax = 2'000;

Json optional_int(const std::optional<std::int64_t>& value) {
  return value ? Json(*value) : Json();
}

Json words_json(const std::vector<std::string>& words) {
  JsonArray out;
  for (const std::string& word : words) {
    out.emplace_back(word);
  }
  return out;
}

Json limits_json(const proto::Manifest& crew) {
  return JsonObject{{"memory_mb", optional_int(crew.limits.memory_mb)},
                    {"pids", crew.limits.pids},
                    {"cpu_weight", crew.limits.cpu_weight},
                    {"open_files", crew.sandbox.open_files},
                    {"file_size_mb", optional_int(crew.sandbox.file_size_mb)}};
}

Json worker_json(const process::Fleet::WorkerInfo& worker) {
  JsonArray spares;
  for (const auto& spare : worker.spares) {
    spares.push_back(
        JsonObject{{"state", spare.state}, {"pid", static_cast<std::int64_t>(spare.pid)}});
  }
  return JsonObject{{"state", worker.state},
                    {"pid", static_cast<std::int64_t>(worker.pid)},
                    {"restarts", worker.restarts},
                    {"uptime_ms", worker.uptime_ms},
                    {"failures", worker.failures},
                    {"flapping", worker.is_flapping},
                    {"restarts_in_ms", optional_int(worker.restarts_in_ms)},
                    {"sandbox_missing", words_json(worker.sandbox_missing)},
                    {"spares", std::move(spares)}};
}

// Where the crew is selected, as far as is known here: who does not lead knows of himself.
std::vector<std::string> hosts_of(const CrewId& crew, const AppOptions& options,
                                  const Conductor& conductor, bool is_here) {
  std::vector<std::string> names = conductor.dispatcher().hosts().of_crew(crew);
  if (is_here) {
    names.push_back(options.host);
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace

std::string_view to_string(BusState state) {
  switch (state) {
    case BusState::connecting:
      return "connecting";
    case BusState::connected:
      return "connected";
    case BusState::disconnected:
      return "disconnected";
    case BusState::closed:
      return "closed";
  }
  return "unknown";
}

Json crews_json(const AppOptions& options, const Conductor& conductor,
                const process::Fleet& fleet) {
  std::map<CrewId, process::Fleet::WorkerInfo> workers;
  for (const auto& worker : fleet.workers()) {
    workers.emplace(worker.crew, worker);
  }
  std::map<CrewId, engine::Engine::CrewState> states;
  if (conductor.engine() != nullptr) {
    for (auto& state : conductor.engine()->crews()) {
      states.emplace(state.crew, std::move(state));
    }
  }
  JsonArray crews;
  for (const proto::Manifest& crew : options.crews) {
    const auto state = states.find(crew.crew);
    const engine::Engine::CrewState shown =
        state == states.end() ? engine::Engine::CrewState{.crew = crew.crew} : state->second;
    const auto worker = workers.find(crew.crew);
    const bool is_here = worker != workers.end();
    crews.push_back(
        JsonObject{{"crew", crew.crew.value},
                   {"enabled", shown.enabled},
                   {"disabled_why", shown.enabled ? Json() : Json(shown.disabled_why)},
                   {"strikes", shown.strikes},
                   {"max_errors", crew.max_errors},
                   {"batches_pending", shown.batches_pending},
                   {"in_flight", shown.in_flight ? Json(shown.in_flight->value) : Json()},
                   {"timeout_ms", optional_int(crew.timeout_ms)},
                   {"sandbox", proto::to_string(crew.sandbox.level)},
                   {"limits", limits_json(crew)},
                   {"hosts", words_json(hosts_of(crew.crew, options, conductor, is_here))},
                   {"worker", is_here ? worker_json(worker->second) : Json()}});
  }
  return crews;
}

Json crew_json(const CrewId& crew, const AppOptions& options, const Conductor& conductor,
               const process::Fleet& fleet, const std::string& last_kill) {
  const Json all = crews_json(options, conductor, fleet);
  for (const Json& each : *as_array(all)) {
    const JsonObject& object = *as_object(each);
    if (*as_string(*find(object, "crew")) == crew.value) {
      JsonObject out = object;
      const auto report = parse_json(last_kill);
      out.emplace_back("last_kill", report ? *report : Json());
      return out;
    }
  }
  return {};
}

Status check_containment(const AppOptions& options, const process::Cells& cells) {
  const auto level = cells.level();
  using proto::RequireContainment;
  const RequireContainment have = level == process::Containment::cgroup ? RequireContainment::cgroup
                                  : level == process::Containment::pidns
                                      ? RequireContainment::pidns
                                      : RequireContainment::session;
  if (have >= options.config.require_containment) {
    return {};
  }
  return fail(ErrorCode::invalid_input,
              fmt::format("require_containment: {} is asked for, this host gives {} ({}); nothing "
                          "was started. `live-crew doctor` says what to change",
                          proto::to_string(options.config.require_containment),
                          process::to_string(level), cells.why()));
}

Json status_json(const AppOptions& options, const Standing& standing, const Conductor& conductor,
                 const process::Fleet& fleet, const Bus& bus) {
  const BusStats stats = bus.stats();
  JsonObject nats{{"url", options.config.nats_url},
                  {"state", to_string(bus.state())},
                  {"published", static_cast<std::int64_t>(stats.published)},
                  {"received", static_cast<std::int64_t>(stats.received)},
                  {"reconnects", static_cast<std::int64_t>(stats.reconnects)},
                  {"refused_full", static_cast<std::int64_t>(stats.refused_full)}};
  JsonObject status{{"schema", "live-crew/v1"},
                    {"stream", options.stream.value},
                    {"host", options.host},
                    {"version", kVersion},
                    {"pid", static_cast<std::int64_t>(getpid())},
                    {"role", to_string(standing.role)},
                    {"lease_revision", standing.lease_revision},
                    {"clock", options.config.clock == proto::ClockMode::wall ? "wall" : "event"},
                    {"slice_ms", options.config.slice_ms}};
  if (const engine::Engine* engine = conductor.engine(); engine != nullptr) {
    status.emplace_back("epoch0", format_rfc3339(conductor.epoch0()));
    status.emplace_back("slice", engine->open_slice().value);
    status.emplace_back("ctx_rev", engine->snapshot().revision.value);
    status.emplace_back("event_seq", engine->snapshot().event_seq.value);
    status.emplace_back("reactions_in_flight", engine->reactions_in_flight());
  } else {
    status.emplace_back("epoch0", Json());
  }
  status.emplace_back("nats", std::move(nats));
  status.emplace_back("containment", fleet.containment());
  JsonArray unenforced;
  for (const auto& limit : fleet.unenforced()) {
    unenforced.push_back(JsonObject{{"limit", limit.limit}, {"why", limit.why}});
  }
  status.emplace_back("limits_unenforced", std::move(unenforced));
  status.emplace_back("crews", crews_json(options, conductor, fleet));
  return status;
}

void fill_heartbeat(proto::Heartbeat& heartbeat, const AppOptions& options,
                    const Standing& standing, const Conductor& conductor,
                    const process::Fleet& fleet) {
  heartbeat.boot_id = standing.boot_id;
  heartbeat.role = standing.role;
  heartbeat.lease_revision = standing.lease_revision;
  heartbeat.crews = standing.crews;
  heartbeat.containment = fleet.containment();
  heartbeat.stream = options.stream;
  heartbeat.host = options.host;
  heartbeat.version = kVersion;
  heartbeat.pid = getpid();
  const engine::Engine* engine = conductor.engine();
  if (engine == nullptr) {
    heartbeat.crews_enabled = static_cast<std::int64_t>(options.crews.size());
    return;
  }
  heartbeat.slice = engine->open_slice();
  heartbeat.ctx_rev = engine->snapshot().revision;
  heartbeat.reactions_in_flight = engine->reactions_in_flight();
  for (const auto& crew : engine->crews()) {
    ++(crew.enabled ? heartbeat.crews_enabled : heartbeat.crews_disabled);
  }
}

void refresh_gauges(Metrics& metrics, const Conductor& conductor, const process::Fleet& fleet,
                    const Bus& bus) {
  metrics.containment.of(fleet.containment()).set(1);
  for (const auto& worker : fleet.workers()) {
    metrics.crew_flapping.of(worker.crew.value).set(worker.is_flapping ? 1 : 0);
    const auto waiting =
        std::ranges::count(worker.spares, "standby", &process::Fleet::SpareInfo::state);
    metrics.spares_waiting.of(worker.crew.value).set(static_cast<double>(waiting));
  }
  metrics.nats_connected.set(bus.state() == BusState::connected ? 1 : 0);
  metrics.other_hosts.set(static_cast<double>(conductor.dispatcher().hosts().count()));
  const engine::Engine* engine = conductor.engine();
  if (engine == nullptr) {
    return;
  }
  metrics.reactions_in_flight.set(static_cast<double>(engine->reactions_in_flight()));
  for (const auto& crew : engine->crews()) {
    metrics.crew_enabled.of(crew.crew.value).set(crew.enabled ? 1 : 0);
    metrics.backlog_batches.of(crew.crew.value).set(static_cast<double>(crew.batches_pending));
    const Dispatcher& dispatcher = conductor.dispatcher();
    const std::size_t hosts =
        dispatcher.hosts().of_crew(crew.crew).size() + (dispatcher.runs_here(crew.crew) ? 1U : 0U);
    metrics.crew_hosts.of(crew.crew.value).set(static_cast<double>(hosts));
  }
}

std::string status_line(const Standing& standing, const Conductor& conductor, BusState bus) {
  if (standing.role == proto::Role::standby) {
    return fmt::format("NATS {}; standing by", to_string(bus));
  }
  const engine::Engine* engine = conductor.engine();
  if (engine == nullptr) {
    return fmt::format("NATS {}; waiting for the first event", to_string(bus));
  }
  return fmt::format("NATS {}; slice {} open, {} reactions in flight", to_string(bus),
                     engine->open_slice().value, engine->reactions_in_flight());
}

Status check_crew_exists(const CrewId& crew, const AppOptions& options) {
  std::vector<std::string_view> names;
  for (const proto::Manifest& each : options.crews) {
    if (each.crew == crew) {
      return {};
    }
    names.push_back(each.crew.value);
  }
  const std::string_view meant = nearest(crew.value, names);
  const std::string hint = meant.empty() ? "" : fmt::format(" (did you mean '{}'?)", meant);
  return fail(ErrorCode::not_found, fmt::format("no crew '{}'{}; there are {}", crew.value, hint,
                                                fmt::join(names, ", ")));
}

std::string last_lines(std::string_view output) {
  if (output.size() > kLoggedOutputBytesMax) {
    output.remove_prefix(output.size() - kLoggedOutputBytesMax);
  }
  return std::string(output);
}

}  // namespace lc::supervisor
