// The command line of the supervisor. The one file of this program that knows CLI11.

#include "supervisor/run.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "common/log.h"
#include "supervisor/exit_codes.h"
#include "supervisor/options.h"
#include "supervisor/status.h"

namespace lc::supervisor {
namespace {

constexpr const char* kFooter = R"(
Examples:
  lcsupervisor -s match42 --crews crews --config live-config.yaml
  lcsupervisor -s demo --crews deploy/examples/matchday/crews --embedded
  LIVE_CREW_SELECTOR='(commentator|ad_overlay)' lcsupervisor -s match42 --crews crews

Settings of live-config.yaml can be given as LIVE_CREW_* variables (LIVE_CREW_SLICE_MS=250).
LOG_LEVEL is DEBUG, INFO, WARN or ERROR. SIGTERM drains and stops; a second one does not wait.
Exit codes: 0 stopped, 64 usage, 69 NATS not reachable, 70 internal, 78 configuration.)";

void add_flags(CLI::App& app, SupervisorFlags& flags) {
  app.add_option("-s,--stream", flags.stream, "stream to run")->envname("STREAM");
  app.add_option("--crews", flags.crews_dir, "folder of crews")->envname("LIVE_CREW_CREWS");
  app.add_option("-c,--config", flags.config_file, "live-config.yaml")->envname("LIVE_CREW_CONFIG");
  app.add_option("--nats", flags.nats_url, "NATS servers, nats://HOST:PORT[,...]")
      ->envname("LIVE_CREW_NATS");
  app.add_flag("--embedded", flags.embedded, "start a private nats-server on loopback");
  app.add_option("--state-dir", flags.state_dir, "storage of the private server");
  app.add_option("--clock", flags.clock, "wall | event (lock-step with the events' times)");
  app.add_option("--selector", flags.selector, "crews to run here: a regular expression")
      ->envname("LIVE_CREW_SELECTOR");
  app.add_option("--socket", flags.admin_socket, "admin socket, or `none`")
      ->envname("LIVE_CREW_SOCKET");
  app.add_option("--require-nats", flags.require_nats_s, "seconds to wait for NATS at start")
      ->capture_default_str();
  app.add_flag("--until-end", flags.until_end, "event clock: stop after the events of now");
  app.add_flag("--new-epoch", flags.new_epoch, "start the stream's time anew, skip old events");
  app.set_version_flag("--version", std::string(kVersion));
  app.footer(kFooter);
}

int run_app(const SupervisorFlags& flags, const Environment& environment, const char* program) {
  std::string warnings;
  auto options = make_app_options(flags, environment, warnings);
  fmt::print(stderr, "{}", warnings);
  if (!options) {
    fmt::print(stderr, "{}: {}", program, options.error().text);
    return options.error().exit_code;
  }
  auto log = log_config_from_environment();
  if (!log) {
    fmt::print(stderr, "{}: {}\n", program, log.error().message);
    return kExitUsage;
  }
  log->stream = options->stream.value;
  set_log_config(*log);
  auto app = App::create(std::move(*options));
  if (!app) {
    fmt::print(stderr, "{}: {}\n", program, app.error().message);
    const ErrorCode code = app.error().code;
    return code == ErrorCode::invalid_input || code == ErrorCode::conflict ? kExitConfig
                                                                           : kExitUnavailable;
  }
  return (*app)->run();
}

}  // namespace

int run_supervisor(int argc, const char* const* argv, const Environment& environment,
                   const char* program) {
  CLI::App app{"Runs the crews of one stream: the beat, the context, the worker processes.",
               program};
  SupervisorFlags flags;
  add_flags(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool asked = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success);
    app.exit(error);
    return asked ? kExitOk : kExitUsage;
  }
  return run_app(flags, environment, program);
}

}  // namespace lc::supervisor
