#include <doctest/doctest.h>
#include <signal.h>

#include "common/clock.h"
#include "tests/process/fixture.h"
#include "tests/process/host.h"

// Workers that take more than is theirs; what a worker limits by itself is in
// tests/integration/sandbox_test.py.
namespace lc::process {
namespace {

const CrewId kNeighbour{"neighbour"};
constexpr std::int64_t kLimitMb = 32;

/// A crew whose worker takes four times its memory when it is signalled, beside a neighbour.
void add_hog_and_neighbour(FleetFixture& fixture) {
  fixture.add_spec({.crew = kNeighbour, .limits = {.memory_mb = kLimitMb}}, {"ready"});
  fixture.until_ready(kNeighbour);
  fixture.add_spec({.crew = kCrew, .limits = {.memory_mb = kLimitMb}},
                   {"ready", "await-signal", "leak:" + std::to_string(4 * kLimitMb), "sleep"});
  fixture.until_ready();
}

TEST_CASE(
    "F01 a worker that takes too much memory in a reaction ends as oom, its neighbour lives") {
  const auto cells = make_cells_with("memory_mb");
  if (!cells) {
    return;
  }
  FleetFixture fixture({.cells = cells.get()});
  add_hog_and_neighbour(fixture);
  const pid_t neighbour = fixture.info(kNeighbour).pid;
  fixture.fleet().arm(kCrew, kSlice, kAttempt, monotonic_now() + seconds(20));
  ::kill(fixture.info().pid, SIGUSR1);
  const Told told = fixture.until_failure();
  CHECK(told.what == Told::What::reaction_failed);
  CHECK(told.outcome() == proto::Outcome::oom);
  CHECK(told.ended.usage->memory_max_kib < 2 * kLimitMb * 1024);
  fixture.until_ready();
  CHECK(fixture.info(kNeighbour).pid == neighbour);
}

TEST_CASE("F01 a worker that takes too much memory at rest ends as oom, its neighbour lives") {
  const auto cells = make_cells_with("memory_mb");
  if (!cells) {
    return;
  }
  FleetFixture fixture({.cells = cells.get()});
  add_hog_and_neighbour(fixture);
  const pid_t neighbour = fixture.info(kNeighbour).pid;
  ::kill(fixture.info().pid, SIGUSR1);
  const Told told = fixture.until_failure();
  CHECK(told.what == Told::What::idle_failure);
  CHECK(told.outcome() == proto::Outcome::oom);
  fixture.until_ready();
  CHECK(fixture.info(kNeighbour).pid == neighbour);
  CHECK_FALSE(fixture.fleet().take_oom(kCrew));  // of the worker that is there now
}

TEST_CASE("F02 a SIGKILL from outside is called that") {
  FleetFixture fixture;
  fixture.add({"ready"});
  fixture.until_ready();
  ::kill(fixture.info().pid, SIGKILL);
  CHECK(fixture.until_failure().outcome() == proto::Outcome::killed_external);
}

TEST_CASE("F02 a SIGKILL from outside is not taken for want of memory where that is limited") {
  const auto cells = make_cells_with("memory_mb");
  if (!cells) {
    return;
  }
  FleetFixture fixture({.cells = cells.get()});
  add_hog_and_neighbour(fixture);
  fixture.fleet().arm(kCrew, kSlice, kAttempt, std::nullopt);
  ::kill(fixture.info().pid, SIGKILL);
  const Told told = fixture.until_failure();
  CHECK(told.what == Told::What::reaction_failed);
  CHECK(told.outcome() == proto::Outcome::killed_external);
}

TEST_CASE("F03 beside workers that take every processor the loop is free") {
  const auto cells = make_cells_with("cpu_weight");
  if (!cells) {
    return;
  }
  constexpr int kHogs = 8;
  constexpr int kTicks = 200;
  FleetFixture fixture({.cells = cells.get()});
  for (int i = 0; i < kHogs; ++i) {
    const CrewId hog{"hog" + std::to_string(i)};
    fixture.add_spec({.crew = hog, .limits = {.cpu_weight = 1}}, {"ready", "spin"});
    fixture.until_ready(hog);
  }
  const Heartbeat heartbeat(fixture.timers());
  fixture.until([&heartbeat] { return heartbeat.ticks() >= kTicks; });
  CHECK(heartbeat.longest() < seconds(1));
}

}  // namespace
}  // namespace lc::process
