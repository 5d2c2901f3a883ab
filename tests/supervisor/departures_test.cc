// What leaves the supervisor, on a bus in memory that delays and loses acknowledgements.

#include "supervisor/departures.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <set>

#include "proto/subjects.h"
#include "tests/support/memory_bus.h"

namespace lc::supervisor {
namespace {

using journal::Letter;
using journal::Settled;

const StreamId kStream{"m1"};

Letter letter(std::int64_t record, std::string id) {
  return {.record = record, .to = Letter::To::actions, .msg_id = id, .data = id, .expires = {}};
}

engine::PublishSnapshot beat(std::int64_t slice, engine::SnapshotChange change) {
  engine::PublishSnapshot out{.snapshot = {}, .change = change};
  out.snapshot.slice = {slice};
  return out;
}

struct World {
  explicit World(std::uint64_t seed = 1) : bus({.seed = seed}) {
    bus.pump_all();
    bus.ensure_stream(
        {.name = proto::actions_stream(kStream), .subject = proto::actions_subject(kStream)},
        [](const Result<StreamInfo>&) {});
    bus.pump_all();
  }

  std::vector<std::string> left() {
    bus.pump_all();
    return stored();
  }

  std::vector<std::string> stored() const {
    std::vector<std::string> ids;
    for (const BusMessage& message : bus.stream(proto::actions_stream(kStream))) {
      ids.push_back(message.data);
    }
    return ids;
  }

  MemoryBus bus;
  Outbox outbox{bus};
  FaultPoints faults;
  std::vector<std::string> beats;  // slice, and whether it changed the context
  bool leads = true;
  Departures departures{
      kStream,
      outbox,
      faults,
      {.may_leave = [this] { return leads; },
       .on_snapshot =
           [this](engine::PublishSnapshot& beat) {
             const bool changed = beat.change == engine::SnapshotChange::changed;
             beats.push_back(fmt::format("{}{}", beat.snapshot.slice.value, changed ? "!" : ""));
           }}};
};

using Ids = std::vector<std::string>;
constexpr auto kSame = engine::SnapshotChange::same;
constexpr auto kChanged = engine::SnapshotChange::changed;

TEST_CASE("departures: nothing leaves before its record is kept, and then in order") {
  World world;
  world.departures.hold(letter(1, "a"));
  world.departures.hold(letter(1, "b"));
  world.departures.hold(beat(7, kChanged), 2);
  world.departures.hold(letter(3, "c"));
  CHECK(world.left().empty());
  CHECK(world.departures.settled().record == 0);
  world.departures.kept(1);
  CHECK(world.left() == Ids{"a", "b"});
  CHECK(world.beats.empty());
  world.departures.kept(2);
  CHECK(world.beats == Ids{"7!"});
  CHECK(world.left() == Ids{"a", "b"});
  world.departures.kept(3);
  CHECK(world.left() == Ids{"a", "b", "c"});
  CHECK(world.departures.idle());
  CHECK(world.departures.settled() == Settled{3, {3}});
}

TEST_CASE("departures: a beat that waits gives way only to one that has the same") {
  World world;
  world.departures.hold(beat(1, kChanged), 1);
  world.departures.hold(beat(2, kSame), 1);
  world.departures.hold(beat(3, kSame), 1);
  world.departures.hold(beat(4, kChanged), 2);
  world.departures.hold(letter(2, "a"));
  world.departures.hold(beat(5, kSame), 2);  // not across what is between them
  world.departures.kept(1);
  CHECK(world.beats == Ids{"3!"});
  world.departures.kept(2);
  CHECK(world.beats == Ids{"3!", "4!", "5"});
}

TEST_CASE("departures: what is not acknowledged is open, in the order of the decisions") {
  World world;
  for (const char* id : {"a", "b", "c"}) {
    world.departures.hold(letter(1, id));
  }
  world.departures.hold(letter(2, "d"));
  world.departures.kept(1);
  const auto ids = [&world] {
    Ids out;
    for (const Letter& open : world.departures.open()) {
      out.push_back(open.msg_id);
    }
    return out;
  };
  CHECK(ids() == Ids{"a", "b", "c", "d"});
  CHECK(world.departures.settled() == Settled{0, {}});
  world.bus.pump_all();
  CHECK(ids() == Ids{"d"});
  CHECK(world.departures.settled() == Settled{1, {3}});
}

TEST_CASE("departures: what may not leave now leaves when it may") {
  World world;
  world.leads = false;
  world.departures.hold(letter(1, "a"));
  world.departures.kept(1);
  CHECK(world.left().empty());
  CHECK(world.departures.settled().record == 0);
  world.leads = true;
  world.departures.release();
  CHECK(world.left() == Ids{"a"});
}

TEST_CASE("departures: after the stream was lost nothing leaves") {
  World world;
  world.departures.hold(letter(1, "a"));
  world.departures.stop();
  world.departures.kept(1);
  world.departures.hold(letter(1, "b"));
  world.departures.hold(beat(1, kChanged), 1);
  CHECK(world.left().empty());
  CHECK(world.beats.empty());
}

// Whoever goes on looks for what is open behind `action_seq`, and sends what he does not find.
TEST_CASE("departures: whatever is lost, settled and open tell where every action is") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    INFO("seed ", seed);
    std::mt19937_64 dice(seed);
    World world(seed);
    world.bus.set_faults({.delay_permille = 300, .lose_ack_permille = 200});
    std::int64_t record = 0;
    std::map<std::string, std::int64_t> records;
    for (int step = 0; step < 80; ++step) {
      record += static_cast<std::int64_t>(dice() % 2);
      const std::string id = fmt::format("a{}", step);
      records[id] = record;
      world.departures.hold(letter(record, id));
      if (dice() % 2 == 0) {
        world.departures.kept(record);
      }
      if (dice() % 15 == 0) {
        world.bus.disconnect();
      } else if (dice() % 3 == 0) {
        world.bus.connect();
      }
      world.outbox.pump();
      world.bus.pump();
      const Settled settled = world.departures.settled();
      std::set<std::string> open;
      for (const Letter& each : world.departures.open()) {
        open.insert(each.msg_id);
        CHECK(each.record > settled.record);
      }
      std::set<std::string> stored;
      for (const BusMessage& message : world.bus.stream(proto::actions_stream(kStream))) {
        stored.insert(message.data);
        CHECK((!open.contains(message.data) || message.seq > settled.action_seq));
      }
      for (const auto& [sent, its_record] : records) {
        CHECK((open.contains(sent) || stored.contains(sent)));
      }
    }
    world.bus.set_faults({});
    world.bus.connect();
    world.departures.kept(record);
    world.outbox.pump();
    world.bus.pump_all();
    CHECK(world.departures.idle());
    CHECK(world.departures.settled() == Settled{record, {80}});
  }
}

}  // namespace
}  // namespace lc::supervisor
