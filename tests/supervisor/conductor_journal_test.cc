// The conductor with a journal, on a bus in memory and a clock that the test moves.

#include <doctest/doctest.h>

#include <algorithm>

#include "common/uv.h"
#include "proto/subjects.h"
#include "supervisor/bootstrap.h"
#include "supervisor/conductor.h"
#include "tests/support/fake_timers.h"
#include "tests/support/memory_bus.h"

namespace lc::supervisor {
namespace {

const StreamId kStream{"m1"};
const CrewId kCrew{"vision"};
constexpr WallTime kEpoch0{1'753'989'725'000'000};

struct World {
  enum class Goes { yes, not_yet };
  explicit World(Goes goes = Goes::yes) {
    bus.pump_all();
    for (const auto& [name, subject] :
         {std::pair(proto::actions_stream(kStream), proto::actions_subject(kStream)),
          std::pair(proto::errors_stream(kStream), proto::errors_subject(kStream)),
          std::pair(proto::journal_stream(kStream), proto::journal_subject(kStream))}) {
      bus.ensure_stream({.name = name, .subject = subject}, [](const Result<StreamInfo>&) {});
    }
    bus.pump_all();
    engine::EngineOptions options{.stream = kStream, .epoch0 = kEpoch0};
    options.crews = {engine::CrewSpec{.crew = kCrew, .triggers = {Kind{"goal"}}}};
    conductor.start(std::move(options), {});
    bus.pump_all();
    if (goes == Goes::yes) {
      conductor.go({});
      bus.pump_all();
    }
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

  std::int64_t beats() const {
    return std::ranges::count(bus.core_sent(), proto::ctx_subject(kStream), &BusMessage::subject);
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

  std::size_t actions() const { return bus.stream(proto::actions_stream(kStream)).size(); }

  std::vector<journal::Record> records() const {
    std::vector<journal::Record> out;
    for (const BusMessage& message : bus.stream(proto::journal_stream(kStream))) {
      out.push_back(*journal::parse_record(message.data, kStream));
    }
    return out;
  }

  std::int64_t checkpoints() const {
    const auto all = records();
    return std::ranges::count(all, journal::RecordKind::checkpoint, &journal::Record::kind);
  }

  std::unique_ptr<UvLoop> loop = *UvLoop::create();
  FakeTimers timers;
  MemoryBus bus;
  RunClock clock{StreamClock(kEpoch0, MonoTime{}), [this] { return timers.now(); }};
  std::unique_ptr<process::Fleet> fleet =
      *process::Fleet::create(loop->get(), timers,
                              {.on_ready = [](const CrewId&) {},
                               .on_reaction_failed = [](const process::Ended&) {},
                               .on_idle_failure = [](const process::Ended&) {}});
  Outbox outbox{bus};
  MemoryContextStore store;
  Metrics metrics;
  FaultPoints faults;
  JournalLog log{bus, timers, clock, kStream,
                 JournalLog::Hooks{.on_kept = [this](std::int64_t n) { conductor.kept(n); },
                                   .on_lost = [this](const Error&) { conductor.stop(); },
                                   .metrics = &metrics}};
  bool leads = true;
  Conductor conductor{ConductorParts{bus, timers, clock, *fleet, outbox, store, metrics, faults,
                                     &log, [this] { return leads; }},
                      Conductor::Options{.rules = {.stream = kStream},
                                         .author = {.host = "h", .boot_id = "t", .version = "0"}}};
};

TEST_CASE("conductor with a journal: told to leave while it waits, it never goes") {
  World world(World::Goes::not_yet);
  const std::size_t records = world.records().size();
  world.conductor.leave();
  world.conductor.go({});
  world.advance_to(seconds(2));
  CHECK_FALSE(world.conductor.going());
  CHECK(world.beats() == 0);
  CHECK(world.records().size() == records);
}

TEST_CASE("conductor with a journal: only orders leave before their record is kept") {
  World world;
  const std::int64_t beats = world.beats();
  world.bus.set_faults({.drop_append_permille = 1'000});
  world.event(1, millis(100));
  world.advance_to(millis(520));
  REQUIRE(world.readies().size() == 1);
  world.answer(world.readies()[0]);
  CHECK(world.actions() == 0);
  CHECK(world.beats() == beats);
  CHECK_FALSE(world.conductor.settled());
  world.bus.set_faults({});
  world.advance_to(millis(900));
  CHECK(world.actions() == 1);
  CHECK(world.beats() == beats + 1);
  CHECK(world.conductor.settled());
}

TEST_CASE("conductor with a journal: who was superseded publishes nothing more") {
  World world;
  world.bus.append(proto::journal_subject(kStream), "another's", "another's", {2},
                   [](const Result<PublishAck>&) {});
  world.bus.pump_all();
  world.event(1, millis(100));
  world.advance_to(millis(520));
  REQUIRE(world.readies().size() == 1);
  const std::size_t sent = world.bus.core_sent().size();
  world.answer(world.readies()[0]);
  world.event(2, millis(600));
  world.conductor.dispatcher().reconnected();
  world.advance_to(seconds(10));
  CHECK(world.actions() == 0);
  CHECK(world.bus.core_sent().size() == sent);
  CHECK(world.bus.stream(proto::journal_stream(kStream)).size() == 3);
}

TEST_CASE("conductor with a journal: slices in which nothing happens write nothing") {
  World world;
  const std::size_t before = world.records().size();
  world.advance_to(seconds(600));
  CHECK(world.records().size() == before);
  CHECK(world.beats() > 1'000);
}

TEST_CASE("conductor with a journal: a checkpoint comes after so many records") {
  World world;
  world.conductor.give(engine::DisableCrew{world.clock.stream_now(), kCrew, "by operator"});
  for (std::int64_t i = 1; i < kRecordsPerCheckpoint - 1; ++i) {
    world.event(i, millis(500 * i - 400));
    CHECK(world.checkpoints() == 1);
    world.advance_to(millis(500 * i + 20));
  }
  CHECK(world.checkpoints() == 2);
  CHECK(world.records().size() == kRecordsPerCheckpoint + 2);
}

TEST_CASE("conductor with a journal: what records need is not older than their streams keep") {
  World world;
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
  World world;
  world.advance_to(seconds(5));
  world.conductor.leave();
  world.bus.pump_all();
  CHECK(world.records().size() == 3);  // that it was taken up is news
  World other;
  other.event(1, millis(100));
  other.conductor.leave();
  other.bus.pump_all();
  CHECK(other.checkpoints() == 2);
  CHECK(other.records().size() == 4);  // the event is in the one before the last
}

TEST_CASE("conductor with a journal: without the lease nobody is woken and nothing leaves") {
  World world;
  world.leads = false;
  const std::int64_t beats = world.beats();
  world.event(1, millis(100));
  world.advance_to(millis(520));
  CHECK(world.readies().empty());
  CHECK(world.beats() == beats);
  world.leads = true;
  world.conductor.lead_again();
  world.bus.pump_all();
  CHECK(world.beats() == beats + 1);
  REQUIRE(world.readies().size() == 1);
  world.leads = false;
  world.answer(world.readies()[0]);
  CHECK(world.actions() == 0);
  world.leads = true;
  world.conductor.lead_again();
  world.bus.pump_all();
  CHECK(world.actions() == 1);
}

}  // namespace
}  // namespace lc::supervisor
