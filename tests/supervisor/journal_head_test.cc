// How far a journal was acknowledged, kept in a bucket in memory that loses answers and goes away.

#include "supervisor/journal_head.h"

#include <doctest/doctest.h>

#include "proto/subjects.h"
#include "tests/support/fake_timers.h"
#include "tests/support/memory_bus.h"

namespace lc::supervisor {
namespace {

const StreamId kStream{"m1"};

std::string hash_of(std::int64_t n) {
  return std::string(63, 'a') + std::to_string(n % 10);
}

struct World {
  World() {
    bus.pump_all();
    bus.ensure_bucket({.name = proto::ctx_bucket(kStream)}, [](const Result<bool>&) {});
    bus.pump_all();
  }

  void moved(std::int64_t n, HeadKeeper::Keep keep) {
    keeper.moved(n, R"({"v":1,"hash":")" + hash_of(n) + "\"}", keep);
  }

  void pass(Micros time) {
    timers.advance_to(timers.now() + time);
    bus.pump_all();
  }

  // The number that is kept; 0: none.
  std::int64_t kept() {
    std::int64_t n = 0;
    bus.kv_get(proto::ctx_bucket(kStream), std::string(kJournalHeadKey),
               [&n](const Result<KvEntry>& entry) {
                 if (entry) {
                   const auto head = parse_journal_head(entry->value);
                   REQUIRE(head);
                   CHECK(head->hash == hash_of(head->n));
                   n = head->n;
                 }
               });
    bus.pump_all();
    return n;
  }

  FakeTimers timers;
  MemoryBus bus;
  RunClock clock{StreamClock(WallTime{}, MonoTime{}), [this] { return timers.now(); }};
  HeadKeeper keeper{bus, timers, clock, kStream};
};

TEST_CASE("journal head: what was written is read, and nothing else") {
  const JournalHead head{.n = 812, .hash = hash_of(2)};
  CHECK(parse_journal_head(write_journal_head(head)) == head);
  for (const char* text : {"", "{}", R"({"v":1,"n":1,"hash":"short"})", R"({"v":1,"n":0})"}) {
    CAPTURE(text);
    CHECK(parse_journal_head(text).error().code == ErrorCode::corrupt);
  }
}

TEST_CASE("journal head: many records make one write, after a pause") {
  World world;
  for (std::int64_t n = 1; n <= 100; ++n) {
    world.moved(n, HeadKeeper::Keep::soon);
  }
  CHECK(world.kept() == 0);
  world.pass(kHeadPause - Micros{1});
  CHECK(world.kept() == 0);
  world.pass(Micros{1});
  CHECK(world.kept() == 100);
  CHECK_FALSE(world.timers.has_next());  // nothing moved: nothing is due
}

TEST_CASE("journal head: a checkpoint is told at once, also behind a write that is under way") {
  World world;
  world.moved(1, HeadKeeper::Keep::now);
  world.moved(2, HeadKeeper::Keep::soon);
  world.moved(3, HeadKeeper::Keep::now);
  world.bus.pump_all();
  CHECK(world.kept() == 3);
}

TEST_CASE("journal head: what was not taken is written later, when there is a server again") {
  World world;
  world.bus.disconnect();
  world.moved(7, HeadKeeper::Keep::now);
  world.bus.pump_all();
  world.pass(kHeadPause);
  world.bus.connect();
  world.bus.pump_all();
  world.pass(kHeadPause);
  CHECK(world.kept() == 7);
}

}  // namespace
}  // namespace lc::supervisor
