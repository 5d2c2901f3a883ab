// Reactions of workers on other hosts: taken, lost, failed, answered.

#include "supervisor/dispatcher.h"

#include <doctest/doctest.h>

#include "proto/error_reasons.h"
#include "tests/supervisor/conductor_world.h"

namespace lc::supervisor {
namespace {

constexpr std::int64_t kTimeoutMs = 300;

// The first `ready`, published at 520 ms.
proto::Ready dispatched(ConductorWorld& world) {
  world.event(1, millis(100));
  world.advance_to(millis(520));
  REQUIRE(world.readies().size() == 1);
  return world.readies()[0];
}

// Looks every 250 ms while its hosts report, up to `end`.
void live_until(ConductorWorld& world, const std::function<void()>& report, Micros begin,
                Micros end) {
  for (Micros at = begin; at <= end; at = at + millis(250)) {
    world.advance_to(at);
    report();
    world.conductor->dispatcher().look();
    world.bus.pump_all();
  }
}

// Of what was published last; the same may be published more than once.
std::int64_t attempt(const ConductorWorld& world) {
  return world.readies().back().attempt.value;
}

bool in_flight(const ConductorWorld& world) {
  return world.conductor->engine()->reactions_in_flight() == 1;
}

TEST_CASE("hosts: a crew waits until a worker of it is ready somewhere") {
  ConductorWorld world({});
  world.report({.crew = kCrew, .state = proto::WorkerState::down});
  world.event(1, millis(100));
  world.advance_to(millis(5'020));
  CHECK(world.readies().empty());
  CHECK(in_flight(world));
  world.report_ready();
  CHECK(world.readies().size() == 1);
}

TEST_CASE("hosts: what no worker takes is dispatched anew") {
  ConductorWorld world({});
  dispatched(world);
  const auto ready = [&world] { world.report_ready(); };
  live_until(world, ready, millis(750), millis(1'500));
  CHECK(world.readies().size() == 1);
  live_until(world, ready, millis(1'520), millis(1'520));
  REQUIRE(world.readies().size() == 2);
  CHECK(world.readies()[1].attempt == Attempt{2});
  CHECK(world.reasons() == std::vector<std::string>{std::string(proto::kReasonReactionLost)});
  world.answer(world.readies()[0]);  // of an attempt that is over
  CHECK(world.actions() == 0);
  world.answer(world.readies()[1]);
  CHECK(world.actions() == 1);
  CHECK_FALSE(in_flight(world));
}

TEST_CASE("hosts: hosts that have a crew take turns, and each order is to one of them") {
  ConductorWorld world({});
  world.report_ready("near");
  for (int i = 0; i < 4; ++i) {
    world.event(i + 1, millis(500 * i + 100));
    world.advance_to(millis(500 * i + 520));
    REQUIRE(world.readies().size() == static_cast<std::size_t>(i) + 1);
    world.answer(world.readies().back());
  }
  std::vector<std::string> to;
  for (const proto::Ready& ready : world.readies()) {
    to.push_back(ready.to);
  }
  CHECK(to == std::vector<std::string>{"boot-far", "boot-near", "boot-far", "boot-near"});
}

TEST_CASE("hosts: what a worker has taken is its host's to watch") {
  ConductorWorld world({});
  const proto::Ready ready = dispatched(world);
  CHECK_FALSE(world.report_taken(ready));
  REQUIRE(world.conductor->dispatcher().orders().awaited.size() == 1);
  CHECK(world.conductor->dispatcher().orders().awaited[0] ==
        proto::Awaited{kCrew, order_of(ready), "boot-far"});
  live_until(world, [&] { world.report_taken(ready); }, millis(750), seconds(60));
  CHECK(attempt(world) == 1);
  world.answer(ready);
  CHECK(world.actions() == 1);
  CHECK(world.conductor->dispatcher().orders().awaited.empty());
}

TEST_CASE("hosts: what a host had that is gone is dispatched anew to another one") {
  ConductorWorld world({});
  const proto::Ready ready = dispatched(world);
  world.report_taken(ready);
  live_until(world, [&] { world.report_ready("near"); }, millis(750), millis(4'000));
  CHECK(attempt(world) == 1);
  live_until(world, [&] { world.report_ready("near"); }, millis(4'020), millis(4'020));
  REQUIRE(attempt(world) == 2);
  world.report_taken(world.readies().back(), "near");
  world.answer(world.readies().back());
  CHECK(world.actions() == 1);
  CHECK(world.reasons() == std::vector<std::string>{std::string(proto::kReasonReactionLost)});
}

TEST_CASE("hosts: nobody is gone or late while nobody can be heard") {
  ConductorWorld world({.timeout_ms = kTimeoutMs});
  const proto::Ready ready = dispatched(world);
  world.report_taken(ready);
  world.bus.disconnect();
  live_until(world, [] {}, millis(750), seconds(20));
  world.bus.connect();
  world.conductor->dispatcher().reconnected();
  world.advance_to(millis(20'500));
  CHECK(world.conductor->dispatcher().hosts().knows("boot-far"));
  world.answer(ready);
  CHECK(world.actions() == 1);
  CHECK(world.reasons().empty());
}

TEST_CASE("hosts: after a silence of ours nobody is late at once") {
  ConductorWorld world({.timeout_ms = kTimeoutMs});
  const proto::Ready ready = dispatched(world);
  world.bus.disconnect();
  world.advance_to(seconds(9));
  world.bus.connect();
  world.bus.pump_all();
  world.conductor->dispatcher().reconnected();
  const auto idle = [&world] { world.report_ready(); };  // as the last report before said
  live_until(world, idle, millis(9'100), millis(13'900));
  CHECK(attempt(world) == 1);
  CHECK(world.reasons().empty());
  live_until(world, idle, millis(14'000), millis(14'000));
  CHECK(attempt(world) == 2);
}

TEST_CASE("hosts: what is not taken again and again is ordered ever more seldom") {
  ConductorWorld world({});
  dispatched(world);
  const auto idle = [&world] { world.report_ready(); };
  std::vector<std::int64_t> attempts;
  for (const std::int64_t s : {2, 5, 10, 20, 40}) {
    live_until(world, idle, seconds(s) - millis(1'000), seconds(s));
    attempts.push_back(attempt(world));
  }
  CHECK(attempts == std::vector<std::int64_t>{2, 3, 4, 5, 6});
  const proto::Ready last = world.readies().back();
  world.report_taken(last);
  world.answer(last);
  CHECK(world.actions() == 1);
}

TEST_CASE("hosts: what a worker should have begun that was gone already is lost, not failed") {
  ConductorWorld world({});
  const proto::Ready ready = dispatched(world);
  world.report({.crew = kCrew, .state = proto::WorkerState::ready},
               {{.id = 1,
                 .crew = kCrew,
                 .phase = proto::FailurePhase::reacting,
                 .order = order_of(ready),
                 .outcome = proto::Outcome::spawn_failed,
                 .detail = "no worker"}});
  CHECK(attempt(world) == 2);
  CHECK(world.reasons() == std::vector<std::string>{std::string(proto::kReasonReactionLost)});
}

TEST_CASE("hosts: an answer that does not arrive is lost with its reaction") {
  ConductorWorld world({});
  const proto::Ready ready = dispatched(world);
  world.report_taken(ready);
  const auto answered = [&world] { world.report_ready(); };
  live_until(world, answered, millis(750), millis(2'500));
  CHECK(attempt(world) == 1);
  live_until(world, answered, millis(2'750), millis(2'750));
  CHECK(attempt(world) == 2);
  CHECK(world.reasons() == std::vector<std::string>{std::string(proto::kReasonReactionLost)});
}

TEST_CASE("hosts: a failure on another host is the crew's, each once") {
  ConductorWorld world({.timeout_ms = kTimeoutMs});
  const proto::Ready ready = dispatched(world);
  world.report_taken(ready);
  const proto::HostCrew down{.crew = kCrew, .state = proto::WorkerState::down};
  const proto::HostFailure failure{.id = 1,
                                   .crew = kCrew,
                                   .phase = proto::FailurePhase::reacting,
                                   .order = order_of(ready),
                                   .outcome = proto::Outcome::timeout,
                                   .detail = "killed"};
  CHECK(world.report(down, {failure}));
  CHECK_FALSE(in_flight(world));
  CHECK_FALSE(world.report(down, {failure}));
  CHECK(world.conductor->engine()->crews()[0].strikes == 1);
  proto::HostFailure idle{.id = 2, .crew = kCrew, .outcome = proto::Outcome::crash, .detail = "x"};
  CHECK(world.report(down, {failure, idle}));
  CHECK(world.conductor->engine()->crews()[0].strikes == 2);
  CHECK(world.reasons() == std::vector<std::string>{std::string(proto::kReasonReactionFailed),
                                                    std::string(proto::kReasonWorkerFailed)});
}

TEST_CASE("hosts: a failure of an order that is over, or was never given, is nobody's") {
  ConductorWorld world({});
  const proto::Ready ready = dispatched(world);
  world.report_taken(ready);
  proto::Order other = order_of(ready);
  other.tag = "ffffffff";
  const proto::HostFailure failure{.id = 1,
                                   .crew = kCrew,
                                   .phase = proto::FailurePhase::reacting,
                                   .order = other,
                                   .outcome = proto::Outcome::crash,
                                   .detail = "x"};
  world.report({.crew = kCrew, .state = proto::WorkerState::reacting, .order = order_of(ready)},
               {failure});
  CHECK(in_flight(world));
  CHECK(world.conductor->engine()->crews()[0].strikes == 0);
}

TEST_CASE("hosts: a host that says nothing of a missed deadline is not waited for") {
  ConductorWorld world({.timeout_ms = kTimeoutMs});
  const proto::Ready ready = dispatched(world);
  const auto at_work = [&] { world.report_taken(ready); };
  live_until(world, at_work, millis(750), millis(5'500));
  CHECK(in_flight(world));
  live_until(world, at_work, millis(5'820), millis(5'820));
  CHECK_FALSE(in_flight(world));
  CHECK(world.reasons() == std::vector<std::string>{std::string(proto::kReasonReactionFailed)});
}

TEST_CASE("hosts: a disabled crew's reaction elsewhere ends, its answer does not count") {
  ConductorWorld world({});
  const proto::Ready ready = dispatched(world);
  world.report_taken(ready);
  world.conductor->give(engine::DisableCrew{world.clock.stream_now(), kCrew, "by operator"});
  CHECK_FALSE(in_flight(world));
  world.answer(ready);
  CHECK(world.actions() == 0);
  CHECK(world.conductor->dispatcher().orders().awaited.empty());
}

}  // namespace
}  // namespace lc::supervisor
