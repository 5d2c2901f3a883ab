#include "worker/service.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/log.h"
#include "worker/child_tree.h"
#include "worker/crew/load.h"
#include "worker/lifeline.h"
#include "worker/link.h"
#include "worker/sandbox/apply.h"

namespace lc::worker {
namespace {

int give_up(int code, std::string_view message, ChildTree& tree) {
  tree.end_children();
  fmt::print(stderr, "lcworker: {}\n", message);
  report_failed(message);
  return code;
}

Result<proto::WorkerConfig> read_config(const Options& options) {
  LC_TRY(const std::string line, read_config_line());
  LC_TRY(proto::WorkerConfig config, proto::parse_worker_config(line));
  if (config.stream != options.stream || config.crew != options.crew) {
    return fail(
        ErrorCode::invalid_input,
        fmt::format("the configuration is of stream '{}' and crew '{}', the command line of "
                    "'{}' and '{}'",
                    config.stream.value, config.crew.value, options.stream.value,
                    options.crew.value));
  }
  return config;
}

}  // namespace

int run_service(const Options& options, const Environment& environment) {
  ignore_broken_pipes();
  block_leave_signals();
  static ChildTree tree;  // the watching thread uses it until the process ends
  const auto config = read_config(options);
  if (!config) {
    return give_up(exit_config, config.error().message, tree);
  }
  auto log_config = log_config_from_environment();
  if (!log_config) {
    return give_up(exit_config, log_config.error().message, tree);
  }
  log_config->stream = config->stream.value;
  set_log_config(*log_config);
  Environment variables = environment;
  const auto confined = confine(*config, variables);  // keeps the scratch folder's lock
  if (!confined) {
    return give_up(exit_config, "sandbox: " + confined.error().message, tree);
  }
  if (!confined->missing.empty()) {
    log_warn("sandbox incomplete",
             {{"missing", fmt::format("{}", fmt::join(confined->missing, " "))}});
  }
  leave_with_supervisor(tree);
  auto crew = load_crew(*config, tree, variables);
  if (!crew) {
    return give_up(exit_config, crew.error().message, tree);
  }
  if (!(*crew)->runs_programs()) {
    if (auto forbidden = forbid_exec(config->sandbox); !forbidden) {
      return give_up(exit_config, "sandbox: " + forbidden.error().message, tree);
    }
  }
  if (auto started = (*crew)->start(); !started) {
    return give_up(exit_config, started.error().message, tree);
  }
  auto link = Link::open(*config);
  if (!link) {
    return give_up(exit_unavailable, link.error().message, tree);
  }
  report_ready(confined->missing);
  const Error end = (*link)->serve(**crew, tree);
  return give_up(exit_unavailable, end.message, tree);
}

}  // namespace lc::worker
