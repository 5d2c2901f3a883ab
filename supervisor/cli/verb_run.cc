#include <fmt/format.h>

#include "common/clock.h"
#include "common/log.h"
#include "supervisor/cli/online.h"
#include "supervisor/cli/put.h"
#include "supervisor/options.h"
#include "supervisor/summary.h"

namespace lc::cli {
namespace {

constexpr std::int64_t kRequireNatsSMax = 86'400;

supervisor::SupervisorFlags flags_of(const Args& args) {
  return {.stream = args.text("stream"),
          .crews_dir = args.text("crews"),
          .config_file = args.text("config"),
          .nats_url = args.text("nats"),
          .embedded = args.has("embedded"),
          .state_dir = args.text("state-dir"),
          .clock = args.text("clock"),
          .selector = args.text("selector"),
          .admin_socket = args.text("socket"),
          .require_nats_s = args.number("require-nats"),
          .until_end = args.has("until-end"),
          .new_epoch = args.has("new-epoch"),
          .accept_loss = args.has("accept-loss")};
}

int run_supervisor(const Args& args, Io& io) {
  std::string warnings;
  auto options = supervisor::make_app_options(flags_of(args), args.environment(), warnings);
  put(io.err, "{}", warnings);
  if (!options) {
    put(io.err, "{}", options.error().text);
    return options.error().exit_code;
  }
  auto log = log_config_from_environment();
  if (!log) {
    put(io.err, "{}\n", log.error().message);
    return kExitUsage;
  }
  log->stream = options->stream.value;
  set_log_config(*log);
  const std::string summary_file = args.text("summary");
  supervisor::Summary summary;
  if (!summary_file.empty()) {
    options->observer = [&summary](const engine::Effect& effect, WallTime) {
      summary.observe(effect, monotonic_now());
    };
  }
  auto app = supervisor::App::create(std::move(*options));
  if (!app) {
    put(io.err, "{}\n", app.error().message);
    const ErrorCode code = app.error().code;
    if (code == ErrorCode::conflict) {
      return kExitFailed;  // another supervisor of this stream runs here
    }
    return code == ErrorCode::invalid_input ? kExitConfig : kExitUnavailable;
  }
  const int exit_code = (*app)->run();
  if (!summary_file.empty()) {
    if (auto written = summary.write_to(summary_file); !written) {
      put(io.err, "{}\n", written.error().message);
      return exit_code == kExitOk ? kExitFailed : exit_code;
    }
  }
  return exit_code;
}

std::vector<Option> run_options() {
  Option embedded{.name = "embedded", .help = "start a private nats-server on loopback instead"};
  Option state_dir{.name = "state-dir",
                   .value = "DIR",
                   .help = "where kill reports and the private server's data are kept",
                   .value_is = ValueIs::folder};
  Option clock{.name = "clock",
               .value = "CLOCK",
               .help = "wall time, or lock-step with the events' own times",
               .choices = {"wall", "event"}};
  Option selector{.name = "selector",
                  .value = "REGEX",
                  .help = "the crews to run here: must match their whole name",
                  .variable = "LIVE_CREW_SELECTOR"};
  Option require_nats{.name = "require-nats",
                      .value = "SECONDS",
                      .help = "how long to wait for NATS at the start",
                      .fallback = "30",
                      .number = Range{0, kRequireNatsSMax}};
  Option until_end{.name = "until-end", .help = "event clock: stop after the events of now"};
  Option new_epoch{.name = "new-epoch",
                   .help = "start the stream's time anew and skip its old events"};
  Option accept_loss{
      .name = "accept-loss",
      .help = "go on although the journal is damaged; what is given up is journaled"};
  Option summary{.name = "summary",
                 .value = "FILE",
                 .help = "at the end, write what happened as JSON",
                 .value_is = ValueIs::file};
  return {stream_option(), crews_option(), config_option(), nats_option(),   embedded,
          state_dir,       clock,          selector,        socket_option(), require_nats,
          until_end,       new_epoch,      accept_loss,     summary};
}

}  // namespace

Option socket_option() {
  return {.name = "socket",
          .value = "PATH",
          .help = "the supervisor's admin socket, or `none`; STREAM.sock in the runtime folder",
          .variable = "LIVE_CREW_SOCKET"};
}

void register_run(Verbs& verbs) {
  verbs.push_back({.name = "run",
                   .summary = "Run the crews of a stream (the supervisor, in the foreground)",
                   .details =
                       "Takes events from live.STREAM.events, closes a slice every beat, wakes "
                       "crews, publishes "
                       "actions and context. SIGTERM drains and stops; a second one does not wait. "
                       "`lcsupervisor` is the same command for service managers.",
                   .examples = {{"run -s match42 --crews crews --config live-config.yaml",
                                 "runs all crews of a folder"},
                                {"run -s demo --crews deploy/examples/matchday/crews --embedded",
                                 "needs no server: starts one of its own"},
                                {"run -s match42 --selector '(commentator|ad_overlay)'",
                                 "runs a subset of the crews on this host"}},
                   .options = run_options(),
                   .run = run_supervisor});
}

}  // namespace lc::cli
