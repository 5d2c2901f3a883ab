#include <fmt/format.h>

#include <cstring>

#include "worker/cgroup.h"
#include "worker/lifeline.h"
#include "worker/once.h"
#include "worker/options.h"
#include "worker/sandbox/apply.h"
#include "worker/service.h"

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
    case Options::Mode::serve:
      return run_service(*options, read_environment(variables));
  }
}
