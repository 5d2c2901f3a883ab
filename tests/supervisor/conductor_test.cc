// The conductor without a journal: what it decides leaves at once.

#include "supervisor/conductor.h"

#include <doctest/doctest.h>

#include "proto/error_reasons.h"
#include "tests/supervisor/conductor_world.h"

namespace lc::supervisor {
namespace {

TEST_CASE("conductor: an event wakes its crew at the beat, and the answer's action goes out once") {
  ConductorWorld world({});
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
  CHECK(world.reasons().empty());  // the same answer once more says nothing new
}

TEST_CASE("conductor: what is not answered is asked again, the same, and at growing distances") {
  ConductorWorld world({});
  world.event(1, millis(100));
  world.advance_to(millis(520));
  REQUIRE(world.readies().size() == 1);
  std::vector<std::int64_t> at_s;
  for (std::int64_t s = 1; s <= 110; ++s) {
    const std::size_t before = world.readies().size();
    world.advance_to(millis(520) + seconds(s));
    if (world.readies().size() > before) {
      at_s.push_back(s);
    }
  }
  CHECK(at_s == std::vector<std::int64_t>{2, 7, 17, 47, 77, 107});
  const auto readies = world.readies();
  for (const proto::Ready& ready : readies) {
    CHECK(ready.nonce == readies[0].nonce);
  }
  world.answer(readies[0]);
  world.answer(readies[0]);
  CHECK(world.bus.stream(proto::actions_stream(kStream)).size() == 1);
  CHECK(world.reasons().empty());
  world.advance_to(seconds(300));
  CHECK(world.readies().size() == readies.size());  // answered: not asked any more
}

TEST_CASE("conductor: what could not be published is published when the connection is back") {
  ConductorWorld world({});
  world.event(1, millis(100));
  world.bus.disconnect();
  world.advance_to(millis(520));
  CHECK(world.readies().empty());
  world.bus.connect();
  world.bus.pump_all();
  world.conductor->dispatcher().reconnected();
  REQUIRE(world.readies().size() == 1);
  world.conductor->dispatcher().reconnected();  // a ready that may be lost comes again, the same
  const auto readies = world.readies();
  REQUIRE(readies.size() == 2);
  CHECK(readies[0] == readies[1]);
}

TEST_CASE("conductor: a worker whose connection comes back after ours hears what it missed") {
  ConductorWorld world({});
  world.event(1, millis(100));
  world.advance_to(millis(519));
  world.conductor->dispatcher().reconnected();
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
  ConductorWorld world({});
  world.bus.disconnect();
  world.conductor->on_event(
      {.subject = proto::events_subject(kStream), .data = "no JSON", .seq = StreamSeq{1}});
  world.advance_to(millis(5'020));
  CHECK(world.conductor->engine()->open_slice() == SliceIndex{10});
  CHECK(world.reasons().empty());
  CHECK(world.outbox.unacknowledged() == 1);
  world.bus.connect();
  world.bus.pump_all();
  CHECK(world.outbox.unacknowledged() == 0);
  CHECK(world.reasons() == std::vector<std::string>{std::string(proto::kReasonEventInvalid)});
}

TEST_CASE("conductor: a disabled crew's open reaction ends without an answer") {
  ConductorWorld world({});
  world.event(1, millis(100));
  world.advance_to(millis(520));
  REQUIRE(world.readies().size() == 1);
  world.conductor->give(engine::DisableCrew{world.clock.stream_now(), kCrew, "by operator"});
  CHECK(world.conductor->engine()->reactions_in_flight() == 0);
  CHECK_FALSE(world.conductor->engine()->crews()[0].enabled);
  world.answer(world.readies()[0]);
  CHECK(world.bus.stream(proto::actions_stream(kStream)).empty());
}

}  // namespace
}  // namespace lc::supervisor
