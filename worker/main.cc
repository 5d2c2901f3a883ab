#include <fmt/format.h>

#include <cstdio>
#include <cstring>
#include <span>
#include <string>

#include "worker/cgroup.h"
#include "worker/debug/debug.h"
#include "worker/lifeline.h"
#include "worker/once.h"
#include "worker/options.h"
#include "worker/sandbox/apply.h"
#include "worker/service.h"

namespace lc::worker {
namespace {

int debug(const Options& options, std::span<const char* const> words, char** variables) {
  const auto show = [](const std::string& text) {
    fmt::print("{}", text);
    std::fflush(stdout);
  };
  const DebugRun run = run_debug(options.debug, words, read_environment(variables), show);
  fmt::print("{}", run.out);
  return run.exit_code;
}

}  // namespace
}  // namespace lc::worker

int main(int argc, char** argv, char** variables) {
  using namespace lc::worker;
  if (const int error = join_cgroup(variables); error != 0) {
    fmt::print(stderr, "lcworker: joining the cgroup: {}\n", std::strerror(error));
    return exit_unavailable;  // no mistake of the crew: the supervisor tries again
  }
  close_inherited();
  const auto options = parse_options(argc, argv);
  if (!options) {
    fmt::print(stderr, "lcworker: {}\nTry 'lcworker --help'.\n", options.error().message);
    return exit_usage;
  }
  switch (options->mode) {
    case Options::Mode::help:
      fmt::print("{}", usage());
      return 0;
    case Options::Mode::version:
      fmt::print("lcworker {}\n", LC_VERSION);
      return 0;
    case Options::Mode::probe_sandbox: {
      const auto probe = probe_sandbox(read_environment(variables));
      if (!probe) {
        fmt::print(stderr, "lcworker: sandbox: {}\n", probe.error().message);
        return 1;
      }
      fmt::print("{}\n", write_probe(*probe));
      return 0;
    }
    case Options::Mode::once: {
      const OnceResult result = run_once(*options, read_environment(variables));
      fmt::print("{}", result.done);
      return result.exit_code;
    }
    case Options::Mode::debug:
      return debug(*options, {argv + 1, static_cast<std::size_t>(argc - 1)}, variables);
    case Options::Mode::serve:
      return run_service(*options, read_environment(variables));
  }
}
