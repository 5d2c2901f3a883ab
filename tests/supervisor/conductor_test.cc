// The conductor with the real engine on a bus in memory and a clock that the test moves. The crews'
// workers are not here, so the dispatcher publishes at once and keeps the deadlines itself.

#include "supervisor/conductor.h"

#include <doctest/doctest.h>

#include "common/uv.h"
#include "proto/error_reasons.h"
#include "proto/subjects.h"
#include "supervisor/bootstrap.h"
#include "tests/support/fake_timers.h"
#include "tests/support/memory_bus.h"

namespace lc::supervisor {
namespace {

const StreamId kStream{"m1"};
const CrewId kCrew{"vision"};
constexpr WallTime kEpoch0{1'753'989'725'000'000};
constexpr std::int64_t kTimeoutMs = 300;

process::FleetHooks no_workers() {
  return {.on_ready = [](const CrewId&) {},
          .on_reaction_failed = [](const process::Ended&) {},
          .on_idle_failure = [](const process::Ended&) {}};
}

struct World {
  World() {
    bus.on_state([](BusState) {});
    bus.pump_all();  // connects
    bus.ensure_stream(events_stream_spec(kStream), [](Result<StreamInfo>) {});
    bus.ensure_stream(
        {.name = proto::actions_stream(kStream), .subject = proto::actions_subject(kStream)},
        [](Result<StreamInfo>) {});
    bus.ensure_stream(
        {.name = proto::errors_stream(kStream), .subject = proto::errors_subject(kStream)},
        [](Result<StreamInfo>) {});
    bus.pump_all();
    engine::EngineOptions options{.stream = kStream, .epoch0 = kEpoch0};
    options.crews = {engine::CrewSpec{.crew = kCrew, .triggers = {Kind{"goal"}}}};
    options.crews[0].timeout_ms = kTimeoutMs;
    conductor.start(std::move(options), {});
    conductor.go({});
  }

  ~World() {
    fleet.reset();
    loop->close();
  }

  void event(std::int64_t seq, Micros after_epoch0) {
    const std::string text = R"({"ts":")" + format_rfc3339(kEpoch0 + after_epoch0) +
                             R"(","kind":"goal","stream_id":"m1","payload":1})";
    conductor.on_event(
        {.subject = proto::events_subject(kStream), .data = text, .seq = StreamSeq{seq}});
  }

  void advance_to(Micros after_epoch0) {
    timers.advance_to(MonoTime{} + after_epoch0);
    bus.pump_all();
  }

  // Every `ready` that was published.
  std::vector<proto::Ready> readies() const {
    std::vector<proto::Ready> out;
    for (const BusMessage& message : bus.core_sent()) {
      const auto subject = proto::parse_slice_subject(message.subject);
      if (subject && subject->verb == "ready") {
        out.push_back(*proto::parse_ready(message.data));
      }
    }
    return out;
  }

  void answer(const proto::Ready& ready) {
    proto::Done done;
    done.stream = kStream;
    done.slice = ready.slice;
    done.crew = ready.crew;
    done.attempt = ready.attempt;
    done.nonce = ready.nonce;
    done.lamport = Lamport{ready.lamport.value + 1};
    done.actions = {proto::ActionDraft{.kind = Kind{"tag"}, .payload = "1"}};
    conductor.dispatcher().on_done({.subject = proto::done_subject(kStream, ready.slice, kCrew),
                                    .data = proto::write_done(done),
                                    .seq = {}});
    bus.pump_all();
  }

  std::vector<std::string> reasons() const {
    std::vector<std::string> out;
    for (const BusMessage& message : bus.stream(proto::errors_stream(kStream))) {
      out.push_back(proto::parse_error_report(message.data)->reason);
    }
    return out;
  }

  std::unique_ptr<UvLoop> loop = *UvLoop::create();
  FakeTimers timers;
  MemoryBus bus;
  RunClock clock{StreamClock(kEpoch0, MonoTime{}), [this] { return timers.now(); }};
  std::unique_ptr<process::Fleet> fleet =
      *process::Fleet::create(loop->get(), timers, no_workers());
  Outbox outbox{bus};
  MemoryContextStore store;
  Metrics metrics;
  FaultPoints faults;
  Conductor conductor{ConductorParts{bus, timers, clock, *fleet, outbox, store, metrics, faults},
                      Conductor::Options{.rules = {.stream = kStream},
                                         .author = {.host = "h", .boot_id = "t", .version = "0"},
                                         .observer = nullptr,
                                         .on_finished = nullptr}};
};

TEST_CASE("conductor: an event wakes its crew at the beat, and the answer's action goes out once") {
  World world;
  world.event(1, millis(100));
  world.advance_to(millis(519));
  CHECK(world.readies().empty());  // the slice is open until 500 ms and 20 ms of lateness
  world.advance_to(millis(520));
  const auto readies = world.readies();
  REQUIRE(readies.size() == 1);
  CHECK(readies[0].slice == SliceIndex{0});
  CHECK(readies[0].events.size() == 1);
  world.answer(readies[0]);
  world.answer(readies[0]);
  const auto& actions = world.bus.stream(proto::actions_stream(kStream));
  REQUIRE(actions.size() == 1);
  CHECK(proto::parse_action(actions[0].data)->kind == Kind{"tag"});
  CHECK(world.reasons() == std::vector<std::string>{std::string(proto::kReasonDoneStale)});
}

TEST_CASE("conductor: a crew that runs elsewhere and does not answer has timed out, not earlier") {
  World world;
  world.event(1, millis(100));
  world.advance_to(millis(520));
  world.advance_to(millis(520 + kTimeoutMs) - Micros{1});
  CHECK(world.conductor.engine()->reactions_in_flight() == 1);
  world.advance_to(millis(520 + kTimeoutMs));
  CHECK(world.conductor.engine()->reactions_in_flight() == 0);
  CHECK(world.reasons() == std::vector<std::string>{std::string(proto::kReasonReactionFailed)});
}

TEST_CASE("conductor: what could not be published is published when the connection is back") {
  World world;
  world.event(1, millis(100));
  world.bus.disconnect();
  world.advance_to(millis(520));
  CHECK(world.readies().empty());
  world.bus.connect();
  world.bus.pump_all();
  world.conductor.dispatcher().reconnected();
  REQUIRE(world.readies().size() == 1);
  world.conductor.dispatcher().reconnected();  // a ready that may be lost comes again, the same
  const auto readies = world.readies();
  REQUIRE(readies.size() == 2);
  CHECK(readies[0] == readies[1]);
}

TEST_CASE("conductor: a worker whose connection comes back after ours hears what it missed") {
  World world;
  world.event(1, millis(100));
  world.advance_to(millis(519));
  world.conductor.dispatcher().reconnected();
  world.advance_to(millis(520));  // ordered while the worker may still be looking for the server
  REQUIRE(world.readies().size() == 1);
  world.advance_to(millis(819));
  const auto readies = world.readies();
  REQUIRE(readies.size() == 2);
  CHECK(readies[0] == readies[1]);
  world.answer(readies[0]);
  world.advance_to(millis(9'000));
  CHECK(world.readies().size() == 2);
}

TEST_CASE("conductor: the beat goes on while the server is away, and reports wait for it") {
  World world;
  world.bus.disconnect();
  world.conductor.on_event(
      {.subject = proto::events_subject(kStream), .data = "no JSON", .seq = StreamSeq{1}});
  world.advance_to(millis(5'020));
  CHECK(world.conductor.engine()->open_slice() == SliceIndex{10});
  CHECK(world.reasons().empty());
  CHECK(world.outbox.unacknowledged() == 1);
  world.bus.connect();
  world.bus.pump_all();
  CHECK(world.outbox.unacknowledged() == 0);
  CHECK(world.reasons() == std::vector<std::string>{std::string(proto::kReasonEventInvalid)});
}

TEST_CASE("conductor: a disabled crew's open reaction ends without an answer") {
  World world;
  world.event(1, millis(100));
  world.advance_to(millis(520));
  REQUIRE(world.readies().size() == 1);
  world.conductor.give(engine::DisableCrew{world.clock.stream_now(), kCrew, "by operator"});
  CHECK(world.conductor.engine()->reactions_in_flight() == 0);
  CHECK_FALSE(world.conductor.engine()->crews()[0].enabled);
  world.answer(world.readies()[0]);
  CHECK(world.bus.stream(proto::actions_stream(kStream)).empty());
}

}  // namespace
}  // namespace lc::supervisor
