#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>

#include "common/clock.h"
#include "tests/process/fixture.h"

namespace lc::process {
namespace {

Fleet::SpareInfo spare(const FleetFixture& fixture) {
  const auto spares = fixture.info().spares;
  REQUIRE(spares.size() == 1);
  return spares.front();
}

/// A crew of one worker and a spare that waits; the spare's number.
pid_t add_with_spare(FleetFixture& fixture) {
  fixture.add_spec({.crew = kCrew, .spares = 1}, {"standby", "ready"});
  fixture.until([&fixture] { return spare(fixture).state == "standby"; });
  CHECK(fixture.info().state == "idle");
  CHECK(spare(fixture).pid != fixture.info().pid);
  return spare(fixture).pid;
}

std::ptrdiff_t count(const FleetFixture& fixture, Told::What what) {
  return std::ranges::count(fixture.told(), what, &Told::what);
}

TEST_CASE("spare: when its worker is killed, a spare becomes the crew's, told ready exactly once") {
  FleetFixture fixture;
  pid_t waiting = add_with_spare(fixture);
  for (int kill = 1; kill <= 3; ++kill) {
    CAPTURE(kill);
    const pid_t killed = fixture.info().pid;
    fixture.fleet().start(kCrew);  // so that no restart waits
    fixture.fleet().arm(kCrew, kSlice, kAttempt, monotonic_now());
    const Told told = fixture.until_failure();
    CHECK(told.what == Told::What::reaction_failed);
    CHECK(told.ended.pid == killed);
    fixture.until_ready();
    CHECK(fixture.info().pid == waiting);
    CHECK(fixture.info().restarts == kill);
    fixture.until([&fixture] { return spare(fixture).state == "standby"; });
    CHECK(spare(fixture).pid != waiting);
    CHECK(spare(fixture).pid != killed);
    waiting = spare(fixture).pid;
    CHECK(count(fixture, Told::What::ready) == kill + 1);
  }
  CHECK(count(fixture, Told::What::spare_failure) == 0);
}

TEST_CASE("spare: one that takes over reacts, and is killed on time like any other") {
  FleetFixture fixture;
  const pid_t waiting = add_with_spare(fixture);
  ::kill(fixture.info().pid, SIGKILL);
  CHECK(fixture.until_failure().outcome() == proto::Outcome::killed_external);
  fixture.until_ready();
  REQUIRE(fixture.info().pid == waiting);
  fixture.fleet().arm(kCrew, kSlice, {1}, std::nullopt);
  CHECK(fixture.fleet().disarm(kCrew));
  const MonoTime deadline = monotonic_now() + millis(50);
  fixture.fleet().arm(kCrew, kSlice, {2}, deadline);
  const Told told = fixture.until_failure();
  CHECK(told.ended.pid == waiting);
  CHECK(told.outcome() == proto::Outcome::timeout);
  CHECK(told.at >= deadline);
}

TEST_CASE("spare: one that dies is told as that, replaced, and touches nothing else") {
  FleetFixture fixture;
  const pid_t waiting = add_with_spare(fixture);
  const pid_t active = fixture.info().pid;
  fixture.fleet().arm(kCrew, kSlice, kAttempt, std::nullopt);
  ::kill(waiting, SIGKILL);
  const Told told = fixture.until_failure();
  CHECK(told.what == Told::What::spare_failure);
  CHECK(told.outcome() == proto::Outcome::killed_external);
  CHECK(told.ended.pid == waiting);
  CHECK_FALSE(told.ended.reaction);
  fixture.until([&fixture] { return spare(fixture).state == "standby"; });
  CHECK(spare(fixture).pid != waiting);
  CHECK(fixture.info().pid == active);
  CHECK(fixture.info().restarts == 0);
  CHECK(fixture.info().failures == 0);
  CHECK(fixture.fleet().disarm(kCrew));
  CHECK(count(fixture, Told::What::ready) == 1);
}

TEST_CASE("spare: a stopped crew has none, and one that is started again gets one") {
  FleetFixture fixture;
  add_with_spare(fixture);
  fixture.fleet().stop(kCrew);
  fixture.until([&fixture] {
    return fixture.info().state == "disabled" && spare(fixture).state == "disabled";
  });
  CHECK(processes_left().empty());
  fixture.fleet().start(kCrew);
  fixture.until([&fixture] { return spare(fixture).state == "standby"; });
  CHECK(fixture.fleet().is_ready(kCrew));
}

}  // namespace
}  // namespace lc::process
