#include "worker/service.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <optional>
#include <utility>

#include "common/clock.h"
#include "common/log.h"
#include "worker/child_tree.h"
#include "worker/crew/load.h"
#include "worker/lifeline.h"
#include "worker/link.h"
#include "worker/progress.h"
#include "worker/sandbox/apply.h"

namespace lc::worker {
namespace {

int give_up(int code, std::string_view message, ChildTree& tree) {
  tree.end_children();
  fmt::print(stderr, "lcworker: {}\n", message);
  report_failed(message);
  return code;
}

struct Start {
  proto::WorkerConfig config;
  std::string input_read;  // after the configuration
  std::optional<CassetteFile> cassette;
};

Result<Start> read_start(const Options& options, const Environment& environment) {
  LC_TRY(ConfigInput input, read_config_line());
  LC_TRY(proto::WorkerConfig config, proto::parse_worker_config(input.line));
  if (config.stream != options.stream || config.crew != options.crew) {
    return fail(
        ErrorCode::invalid_input,
        fmt::format("the configuration is of stream '{}' and crew '{}', the command line of "
                    "'{}' and '{}'",
                    config.stream.value, config.crew.value, options.stream.value,
                    options.crew.value));
  }
  LC_TRY(auto cassette, read_cassette_file(options.cassette, environment));
  return Start{.config = std::move(config),
               .input_read = std::move(input.rest),
               .cassette = std::move(cassette)};
}

// Loads the crew and makes it able to react; one that starts nothing can start nothing afterwards.
Result<std::unique_ptr<Crew>> start_crew(const proto::WorkerConfig& config, ChildTree& tree,
                                         const Environment& environment,
                                         const std::optional<CassetteFile>& cassette) {
  const OnProgress tell = [limit = ProgressLimit()]() mutable {
    if (limit.allows(monotonic_now())) {
      report_progress();
    }
  };
  LC_TRY(std::unique_ptr<Crew> crew, load_crew(config, tree, environment, cassette, tell));
  if (!crew->runs_programs()) {
    if (auto forbidden = forbid_exec(config.sandbox); !forbidden) {
      return within("sandbox", forbidden.error());
    }
  }
  LC_TRY_STATUS(crew->start());
  return crew;
}

}  // namespace

int run_service(const Options& options, const Environment& environment) {
  ignore_broken_pipes();
  block_leave_signals();
  static ChildTree tree;  // the watching thread uses both until the process ends
  static Takeover takeover;
  auto start = read_start(options, environment);
  if (!start) {
    return give_up(exit_config, start.error().message, tree);
  }
  const proto::WorkerConfig& config = start->config;
  auto log_config = log_config_from_environment();
  if (!log_config) {
    return give_up(exit_config, log_config.error().message, tree);
  }
  log_config->stream = config.stream.value;
  set_log_config(*log_config);
  Environment confined_environment = environment;
  const auto confined = confine(config, confined_environment);  // holds the scratch folder's lock
  if (!confined) {
    return give_up(exit_config, "sandbox: " + confined.error().message, tree);
  }
  if (config.sandbox.required && !confined->missing.empty()) {
    return give_up(exit_config,
                   fmt::format("sandbox: this kernel lacks {}, and require_sandbox is set",
                               fmt::join(confined->missing, ", ")),
                   tree);
  }
  leave_with_supervisor(tree, takeover, start->input_read);
  auto crew = start_crew(config, tree, confined_environment, start->cassette);
  start->cassette.reset();  // up to 64 MiB, taken apart or not needed
  if (!crew) {
    return give_up(exit_config, crew.error().message, tree);
  }
  auto link = Link::connect(config);
  if (!link) {
    return give_up(exit_unavailable, link.error().message, tree);
  }
  if (config.role == proto::WorkerRole::spare) {
    report_standby(confined->missing);
    takeover.wait();
  }
  if (auto subscribed = (*link)->subscribe(); !subscribed) {
    return give_up(exit_unavailable, subscribed.error().message, tree);
  }
  report_ready(confined->missing);
  const Error end = (*link)->serve(**crew, tree);
  return give_up(exit_unavailable, end.message, tree);
}

}  // namespace lc::worker
