// A supervisor reduced to its Fleet, to be killed: `fleet_host WORKER COUNT STEP...` keeps COUNT
// workers, writes the pids of them all, one a line, then `up`, once all are ready.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "common/check.h"
#include "common/timers.h"
#include "common/uv.h"
#include "supervisor/process/fleet.h"

int main(int argc, char** argv) {
  using namespace lc;
  if (argc < 3) {
    std::fprintf(stderr, "usage: fleet_host WORKER COUNT STEP...\n");
    return 64;
  }
  const int count = std::atoi(argv[2]);
  auto loop = UvLoop::create();
  LC_ASSERT(loop);
  auto timers = LoopTimers::create((*loop)->get());
  LC_ASSERT(timers);

  std::unique_ptr<process::Fleet> fleet;
  int ready = 0;
  const auto tell_pids = [&fleet] {
    for (const auto& worker : fleet->workers()) {
      std::printf("%d\n", worker.pid);
    }
    std::printf("up\n");
    std::fflush(stdout);
  };
  auto created = process::Fleet::create((*loop)->get(), **timers,
                                        {.on_ready =
                                             [&ready, &tell_pids, count](const CrewId&) {
                                               ready += 1;
                                               if (ready == count) {
                                                 tell_pids();
                                               }
                                             },
                                         .on_reaction_failed = [](auto&&...) { std::abort(); },
                                         .on_idle_failure = [](auto&&...) { std::abort(); }});
  LC_ASSERT(created);
  fleet = *std::move(created);
  for (int i = 0; i < count; ++i) {
    process::WorkerSpec spec{.crew = {"crew" + std::to_string(i)}, .argv = {argv[1]}};
    spec.argv.insert(spec.argv.end(), argv + 3, argv + argc);
    fleet->add(std::move(spec));
  }
  (*loop)->run();
  return 1;
}
