// The conductor with a journal.

#include "supervisor/conductor.h"

#include <doctest/doctest.h>

#include "tests/supervisor/conductor_world.h"

namespace lc::supervisor {
namespace {

TEST_CASE("conductor with a journal: told to leave while it waits, it never goes") {
  ConductorWorld world({.has_journal = true, .goes = false});
  const std::size_t records = world.records().size();
  world.conductor->leave();
  world.conductor->go({});
  world.advance_to(seconds(2));
  CHECK_FALSE(world.conductor->going());
  CHECK(world.beats() == 0);
  CHECK(world.records().size() == records);
}

TEST_CASE("conductor with a journal: only orders leave before their record is kept") {
  ConductorWorld world({.has_journal = true});
  const std::int64_t beats = world.beats();
  world.bus.set_faults({.drop_append_permille = 1'000});
  world.event(1, millis(100));
  world.advance_to(millis(520));
  REQUIRE(world.readies().size() == 1);
  world.answer(world.readies()[0]);
  CHECK(world.actions() == 0);
  CHECK(world.beats() == beats);
  CHECK_FALSE(world.conductor->settled());
  world.bus.set_faults({});
  world.advance_to(millis(900));
  CHECK(world.actions() == 1);
  CHECK(world.beats() == beats + 1);
  CHECK(world.conductor->settled());
}

TEST_CASE("conductor with a journal: who was superseded publishes nothing more") {
  ConductorWorld world({.has_journal = true});
  world.bus.append(proto::journal_subject(kStream), "another's", "another's", {2},
                   [](const Result<PublishAck>&) {});
  world.bus.pump_all();
  world.event(1, millis(100));
  world.advance_to(millis(520));
  REQUIRE(world.readies().size() == 1);
  const std::size_t sent = world.bus.core_sent().size();
  world.answer(world.readies()[0]);
  world.event(2, millis(600));
  world.conductor->dispatcher().reconnected();
  world.advance_to(seconds(10));
  CHECK(world.actions() == 0);
  CHECK(world.bus.core_sent().size() == sent);
  CHECK(world.bus.stream(proto::journal_stream(kStream)).size() == 3);
}

TEST_CASE("conductor with a journal: slices in which nothing happens write nothing") {
  ConductorWorld world({.has_journal = true});
  const std::size_t before = world.records().size();
  world.advance_to(seconds(600));
  CHECK(world.records().size() == before);
  CHECK(world.beats() > 1'000);
}

TEST_CASE("conductor with a journal: a checkpoint comes after so many records") {
  ConductorWorld world({.has_journal = true});
  world.conductor->give(engine::DisableCrew{world.clock.stream_now(), kCrew, "by operator"});
  for (std::int64_t i = 1; i < kRecordsPerCheckpoint - 1; ++i) {
    world.event(i, millis(500 * i - 400));
    CHECK(world.checkpoints() == 1);
    world.advance_to(millis(500 * i + 20));
  }
  CHECK(world.checkpoints() == 2);
  CHECK(world.records().size() == kRecordsPerCheckpoint + 2);
}

TEST_CASE("conductor with a journal: what records need is not older than their streams keep") {
  ConductorWorld world({.has_journal = true});
  world.event(1, millis(100));
  world.advance_to(millis(520));
  world.answer(world.readies()[0]);
  world.advance_to(kCheckpointAge - seconds(1));
  CHECK(world.checkpoints() == 1);
  world.advance_to(kCheckpointAge + seconds(2));
  CHECK(world.checkpoints() == 2);
  world.advance_to(kCheckpointAgeIdle);
  CHECK(world.checkpoints() == 2);
  world.advance_to(kCheckpointAge + kCheckpointAgeIdle + seconds(3));
  CHECK(world.checkpoints() == 3);
}

TEST_CASE("conductor with a journal: who leaves writes a checkpoint when there is news") {
  ConductorWorld world({.has_journal = true});
  world.advance_to(seconds(5));
  world.conductor->leave();
  world.bus.pump_all();
  CHECK(world.records().size() == 3);  // that it was taken up is news
  ConductorWorld other({.has_journal = true});
  other.event(1, millis(100));
  other.conductor->leave();
  other.bus.pump_all();
  CHECK(other.checkpoints() == 2);
  CHECK(other.records().size() == 4);  // the event is in the one before the last
}

TEST_CASE("conductor with a journal: without the lease nobody is woken and nothing leaves") {
  ConductorWorld world({.has_journal = true});
  world.leads = false;
  const std::int64_t beats = world.beats();
  world.event(1, millis(100));
  world.advance_to(millis(520));
  CHECK(world.readies().empty());
  CHECK(world.beats() == beats);
  world.leads = true;
  world.conductor->lead_again();
  world.bus.pump_all();
  CHECK(world.beats() == beats + 1);
  REQUIRE(world.readies().size() == 1);
  world.leads = false;
  world.answer(world.readies()[0]);
  CHECK(world.actions() == 0);
  world.leads = true;
  world.conductor->lead_again();
  world.bus.pump_all();
  CHECK(world.actions() == 1);
}

}  // namespace
}  // namespace lc::supervisor
