#include "supervisor/options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "common/files.h"
#include "supervisor/crews.h"
#include "supervisor/exit_codes.h"
#include "supervisor/runtime_dir.h"
#include "supervisor/selector.h"

namespace lc::supervisor {
namespace {

constexpr std::size_t kConfigBytesMax = std::size_t{1} << 20;
constexpr std::int64_t kRequireNatsSMax = 86'400;

std::unexpected<StartRefusal> refuse(int exit_code, std::string text) {
  return std::unexpected(StartRefusal{exit_code, std::move(text) + "\n"});
}

std::string diagnostics_text(const std::vector<Diagnostic>& diagnostics) {
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics) {
    text += format_diagnostic(diagnostic) + "\n";
  }
  return text;
}

}  // namespace

std::expected<proto::LiveConfig, StartRefusal> read_live_config(const SupervisorFlags& flags,
                                                                const Environment& environment,
                                                                std::string& warnings) {
  std::string text;
  if (!flags.config_file.empty()) {
    auto read = read_text_file(flags.config_file, kConfigBytesMax);
    if (!read) {
      return refuse(kExitConfig, "--config " + flags.config_file + ": " + read.error().message);
    }
    text = std::move(*read);
  }
  auto resolved = proto::resolve_config(text, flags.config_file, environment);
  if (!resolved.config) {
    return std::unexpected(StartRefusal{kExitConfig, diagnostics_text(resolved.diagnostics)});
  }
  warnings += diagnostics_text(resolved.diagnostics);
  proto::LiveConfig config = *resolved.config;
  if (flags.clock == "wall" || flags.clock == "event") {
    config.clock = flags.clock == "wall" ? proto::ClockMode::wall : proto::ClockMode::event;
  } else if (!flags.clock.empty()) {
    return refuse(kExitUsage, "--clock '" + flags.clock + "' must be wall or event");
  }
  if (!flags.nats_url.empty()) {
    config.nats_url = flags.nats_url;
  }
  if (config.kv_backend == proto::KvBackend::redis) {
    return refuse(kExitConfig,
                  "kv_backend 'redis' is not supported by this version: use jetstream or memory");
  }
  return config;
}

namespace {

std::expected<std::vector<proto::Manifest>, StartRefusal> read_crews(const SupervisorFlags& flags,
                                                                     std::string& warnings) {
  if (flags.crews_dir.empty()) {
    return refuse(kExitUsage, "no crews: name their folder with --crews DIR or LIVE_CREW_CREWS");
  }
  LoadedCrews loaded = load_crews(flags.crews_dir);
  if (has_errors(loaded.diagnostics)) {
    return std::unexpected(
        StartRefusal{kExitConfig, diagnostics_text(loaded.diagnostics) +
                                      "nothing was started; `live-crew validate " +
                                      flags.crews_dir + "` checks again\n"});
  }
  warnings += diagnostics_text(loaded.diagnostics);
  return std::move(loaded.crews);
}

/// What is wrong with the configuration and with the crews, at once.
template <class Config, class Crews>
StartRefusal both(const Config& config, const Crews& crews) {
  if (config) {
    return crews.error();
  }
  StartRefusal refusal = config.error();
  if (!crews && refusal.exit_code == crews.error().exit_code) {
    refusal.text += crews.error().text;
  }
  return refusal;
}

std::expected<void, StartRefusal> check_flags(const SupervisorFlags& flags,
                                              const proto::LiveConfig& config) {
  if (auto selector = Selector::create(flags.selector); !selector) {
    return refuse(kExitConfig, selector.error().message);
  }
  if (flags.require_nats_s < 0 || flags.require_nats_s > kRequireNatsSMax) {
    return refuse(kExitUsage, fmt::format("--require-nats {} must be 0..{} seconds",
                                          flags.require_nats_s, kRequireNatsSMax));
  }
  if (flags.until_end && config.clock != proto::ClockMode::event) {
    return refuse(kExitUsage, "--until-end needs --clock event: on the wall clock no input ends");
  }
  if (flags.embedded && !flags.nats_url.empty()) {
    return refuse(kExitUsage, "--embedded starts a server of its own: it does not go with --nats");
  }
  return {};
}

std::expected<void, StartRefusal> check_uids(const proto::LiveConfig& config, std::size_t crews) {
  const auto range = proto::parse_uid_range(config.worker_uids);
  if (!range) {
    return {};
  }
  if (geteuid() != 0) {
    return refuse(kExitConfig,
                  fmt::format("worker_uids '{}': only a supervisor that runs as root can give "
                              "crews users of their own; this one runs as user {}",
                              config.worker_uids, geteuid()));
  }
  const auto users = static_cast<std::size_t>(range->second - range->first + 1);
  if (users < crews) {
    return refuse(kExitConfig, fmt::format("worker_uids '{}': {} users are too few for {} crews",
                                           config.worker_uids, users, crews));
  }
  return {};
}

std::string host_name() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  return name.data();
}

}  // namespace

std::expected<AppOptions, StartRefusal> make_app_options(const SupervisorFlags& flags,
                                                         const Environment& environment,
                                                         std::string& warnings) {
  if (flags.stream.empty()) {
    return refuse(kExitUsage, "no stream: name it with -s STREAM or the variable STREAM");
  }
  auto stream = parse_stream_id(flags.stream);
  if (!stream) {
    return refuse(kExitUsage, stream.error().message);
  }
  auto config = read_live_config(flags, environment, warnings);
  if (config) {
    if (auto checked = check_flags(flags, *config); !checked) {
      return std::unexpected(checked.error());
    }
  }
  auto crews = read_crews(flags, warnings);
  if (!config || !crews) {
    return std::unexpected(both(config, crews));
  }
  if (auto checked = check_uids(*config, crews->size()); !checked) {
    return std::unexpected(checked.error());
  }
  auto worker = find_worker_binary(environment);
  if (!worker) {
    return refuse(kExitConfig, worker.error().message);
  }
  AppOptions options{.stream = std::move(*stream),
                     .crews = std::move(*crews),
                     .config = std::move(*config),
                     .selector = flags.selector,
                     .worker_binary = std::move(*worker),
                     .embedded_nats = flags.embedded,
                     .state_dir = flags.state_dir,
                     .require_nats_s = flags.require_nats_s};
  options.stop_when = flags.until_end ? StopWhen::input_ends : StopWhen::told;
  options.epoch = flags.new_epoch ? EpochChoice::fresh : EpochChoice::keep;
  if (flags.admin_socket != "none") {
    options.admin_socket = flags.admin_socket.empty()
                               ? admin_socket_path(options.stream.value, environment)
                               : flags.admin_socket;
  }
  if (!options.admin_socket.empty()) {
    options.kill_reports = kill_reports_folder(options.stream.value, flags.state_dir, environment);
  }
  options.on_loss = flags.accept_loss ? OnLoss::accept : OnLoss::refuse;
  if (const auto fault = environment.find("LIVE_CREW_FAULT"); fault != environment.end()) {
    auto faults = FaultPoints::create(fault->second);
    if (!faults) {
      return refuse(kExitUsage, faults.error().message);
    }
    options.faults = std::move(*faults);
  }
  options.host = host_name();
  options.environment = environment;
  return options;
}

}  // namespace lc::supervisor
