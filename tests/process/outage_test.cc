#include <doctest/doctest.h>
#include <signal.h>

#include "common/clock.h"
#include "supervisor/process/pidfd.h"
#include "supervisor/process/restart_policy.h"
#include "tests/process/fixture.h"
#include "tests/process/host.h"

// What is no single crew's fault: NATS is away, or many workers die at once.
namespace lc::process {
namespace {

CrewId crew(int number) {
  return {"crew" + std::to_string(number)};
}

/// A first start is held back by nothing: how far the loop has come meanwhile.
void start_another(FleetFixture& fixture, const CrewId& id) {
  fixture.add(id, {"ready"});
  fixture.until_ready(id);
}

TEST_CASE("outage: nothing restarts until it is over, and what fails meanwhile is excused") {
  FleetFixture fixture;
  fixture.add({"ready"});
  fixture.until_ready();
  fixture.fleet().set_outage(Outage::on);
  ::kill(fixture.info().pid, SIGKILL);
  const Told told = fixture.until_failure();
  CHECK(told.outcome() == proto::Outcome::killed_external);
  CHECK(told.ended.excuse == "NATS was away meanwhile");
  for (int i = 0; i < 3; ++i) {
    start_another(fixture, crew(i));
    CHECK(fixture.info().pid == 0);
    CHECK(fixture.info().state == "spawning");
  }

  fixture.fleet().set_outage(Outage::off);

  fixture.until_ready();
  CHECK(fixture.info().restarts == 1);
}

TEST_CASE(
    "outage: a reaction that began before it and fails after it is excused, a later one not") {
  FleetFixture fixture;
  fixture.add({"ready"});
  fixture.until_ready();
  fixture.fleet().arm(kCrew, kSlice, {1}, std::nullopt);
  fixture.fleet().set_outage(Outage::on);
  fixture.fleet().set_outage(Outage::off);
  ::kill(fixture.info().pid, SIGKILL);
  CHECK(fixture.until_failure().ended.excuse == "NATS was away meanwhile");
  fixture.until_ready();
  fixture.fleet().arm(kCrew, kSlice, {2}, std::nullopt);
  ::kill(fixture.info().pid, SIGKILL);
  CHECK(fixture.until_failure().ended.excuse.empty());
}

TEST_CASE(
    "brake: when three of eight workers die at once, restarts are held, the third is excused") {
  constexpr int kCrews = 8;
  constexpr int kDead = 4;
  FleetFixture fixture;
  for (int i = 0; i < kCrews; ++i) {
    start_another(fixture, crew(i));
  }
  for (int i = 0; i < kDead; ++i) {
    const pid_t pid = fixture.info(crew(i)).pid;
    const OwnedFd worker(::pidfd_open(pid, 0));
    ::kill(pid, SIGKILL);
    REQUIRE(wait_readable(worker.get()));  // all dead in one turn of the loop
  }
  int excused = 0;
  MonoTime last_death;
  for (int i = 0; i < kDead; ++i) {
    const Told told = fixture.until_failure();
    CHECK(told.outcome() == proto::Outcome::killed_external);
    excused += told.ended.excuse == "many crews lost their workers at once" ? 1 : 0;
    CHECK(told.ended.excuse.empty() == (i < 2));
    last_death = told.at;
  }
  CHECK(excused == kDead - 2);
  start_another(fixture, crew(kCrews));
  for (int i = 0; i < kCrews; ++i) {
    CHECK((fixture.info(crew(i)).state == (i < kDead ? "spawning" : "idle")));
  }
  for (int i = 0; i < kDead; ++i) {
    fixture.until_ready(crew(i));
    CHECK(monotonic_now() > last_death + Brake::kWindow - seconds(1));
  }
}

}  // namespace
}  // namespace lc::process
