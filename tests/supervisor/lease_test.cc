#include "supervisor/lease.h"

#include <doctest/doctest.h>

#include "proto/subjects.h"
#include "tests/support/fake_timers.h"
#include "tests/support/memory_bus.h"

namespace lc::supervisor {
namespace {

const StreamId kStream{"m1"};
const std::string kBucket = proto::lease_bucket(kStream);

/// Who asks for the lease, and what he was told.
struct Asker {
  Asker(MemoryBus& bus, FakeTimers& timers, const std::int64_t& slept_us, std::string name,
        std::string seat = "")
      : lease(
            bus, timers, [&timers] { return timers.now(); },
            [&timers, &slept_us] { return BootTime{timers.now().us + slept_us}; },
            {.stream = kStream, .host = "on " + name, .boot_id = name, .seat = std::move(seat)},
            {.on_held = [this] { said += "held "; },
             .on_renewed = [this] { ++renewals; },
             .on_lost = [this](const std::string& holder) { said += "lost to " + holder + " "; },
             .on_standby = [this](const std::string& holder) { said += "after " + holder + " "; },
             .on_refused = [this](const Error& error) { said += error.message; }}) {}

  std::string said;
  int renewals = 0;
  Lease lease;
};

struct World {
  World() {
    bus.on_state([](BusState) {});
    bus.pump_all();  // connects
  }

  void pass(Micros time) {
    const MonoTime end = timers.now() + time;
    while (timers.now() < end) {
      timers.advance_to(std::min(end, timers.now() + millis(50)));
      bus.pump_all();
    }
  }

  Asker asker(std::string name, std::string seat = "") {
    return Asker(bus, timers, slept_us, std::move(name), std::move(seat));
  }

  FakeTimers timers;
  MemoryBus bus;
  std::int64_t slept_us = 0;  // time that only the boot clock has seen
};

}  // namespace

TEST_CASE("lease: the first one holds it and renews it, the second stands by") {
  World world;
  Asker a = world.asker("a");
  Asker b = world.asker("b");
  a.lease.start();
  world.pass(millis(100));
  b.lease.start();
  world.pass(seconds(60));
  CHECK(a.said == "held ");
  CHECK(a.lease.is_valid());
  CHECK(a.renewals >= 60'000 / kLeaseRenewMs - 2);
  CHECK(b.said == "after on a ");
  CHECK_FALSE(b.lease.is_valid());
}

TEST_CASE("lease: a key that has ended is the next one's within a second") {
  World world;
  Asker b = world.asker("b");
  {
    Asker a = world.asker("a");
    a.lease.start();
    world.pass(millis(100));
    b.lease.start();
    world.pass(seconds(3));
  }
  world.bus.expire(kBucket, "leader");
  world.pass(seconds(1));
  CHECK(b.said == "after on a held ");
}

TEST_CASE("lease: given up, it is the next one's at once") {
  World world;
  Asker a = world.asker("a");
  Asker b = world.asker("b");
  a.lease.start();
  world.pass(millis(100));
  b.lease.start();
  world.pass(millis(100));
  bool released = false;
  a.lease.release([&released] { released = true; });
  world.bus.pump_all();
  CHECK(released);
  CHECK_FALSE(a.lease.is_valid());
  b.lease.on_key({.subject = proto::lease_subject(kStream), .data = "", .seq = {}});
  world.bus.pump_all();
  CHECK(b.lease.is_valid());
}

TEST_CASE("lease: who sits where the holder sat inherits it") {
  World world;
  Asker b = world.asker("b", "seat 1");
  Asker c = world.asker("c", "seat 2");
  {
    Asker a = world.asker("a", "seat 1");
    a.lease.start();
    world.pass(millis(100));
  }
  c.lease.start();
  b.lease.start();
  world.bus.pump_all();
  CHECK(b.said == "held ");
  CHECK(c.said.starts_with("after on "));
}

TEST_CASE("lease: it is over before its key is, also for who slept") {
  World world;
  Asker a = world.asker("a");
  a.lease.start();
  world.bus.pump_all();
  REQUIRE(a.lease.is_valid());
  world.slept_us = (kLeaseTtlMs - kLeaseMarginMs) * 1000 - 1;
  CHECK(a.lease.is_valid());
  world.slept_us += 1;
  CHECK_FALSE(a.lease.is_valid());
  world.pass(seconds(2));  // nobody took it: a renewal brings it back
  CHECK(a.lease.is_valid());
  CHECK(a.said == "held ");
  CHECK(a.renewals > 0);
}

TEST_CASE("lease: who finds another's in its place has lost it for good") {
  World world;
  Asker a = world.asker("a");
  a.lease.start();
  world.bus.pump_all();
  world.bus.expire(kBucket, "leader");
  Asker b = world.asker("b");
  b.lease.start();
  world.bus.pump_all();
  REQUIRE(b.lease.is_valid());
  world.pass(seconds(2));
  CHECK(a.said == "held lost to on b ");
  CHECK_FALSE(a.lease.is_valid());
  a.lease.start();
  world.pass(seconds(10));
  CHECK(a.said == "held lost to on b ");
}

TEST_CASE("lease: without a server it ends, and is asked for again when the server is back") {
  World world;
  Asker a = world.asker("a");
  a.lease.start();
  world.bus.pump_all();
  world.bus.disconnect();
  world.pass(seconds(20));
  CHECK_FALSE(a.lease.is_valid());
  world.bus.expire(kBucket, "leader");
  world.bus.connect();
  world.bus.pump_all();
  a.lease.start();
  world.pass(seconds(1));
  CHECK(a.lease.is_valid());
  CHECK(a.said == "held ");
}

TEST_CASE("lease: with answers lost there is one holder at a time, whatever the order") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    INFO("seed ", seed);
    World world;
    world.bus.set_faults({.delay_permille = 300, .lose_ack_permille = 200});
    Asker a = world.asker("a");
    Asker b = world.asker("b");
    a.lease.start();
    b.lease.start();
    for (int i = 0; i < 100; ++i) {
      world.pass(millis(200));
      CHECK_FALSE((a.lease.is_valid() && b.lease.is_valid()));
    }
    CHECK((a.lease.is_valid() || b.lease.is_valid()));
  }
}

}  // namespace lc::supervisor
