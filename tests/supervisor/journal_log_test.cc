// Records to a stream in memory that loses answers, loses appends, refuses them and goes away.

#include "supervisor/journal_log.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <random>
#include <span>

#include "proto/subjects.h"
#include "tests/support/fake_timers.h"
#include "tests/support/memory_bus.h"

namespace lc::supervisor {
namespace {

const StreamId kStream{"m1"};

struct World {
  explicit World(std::uint64_t seed = 1) : bus({.seed = seed}) {
    bus.on_state([this](BusState state) {
      if (state == BusState::connected) {
        log.retry();
      }
    });
    bus.pump_all();
    bus.ensure_stream(
        {.name = proto::journal_stream(kStream), .subject = proto::journal_subject(kStream)},
        [](const Result<StreamInfo>&) {});
    bus.pump_all();
  }

  void append(int count = 1) {
    for (int i = 0; i < count; ++i) {
      appended.push_back(fmt::format("record {}", appended.size() + 1));
      log.append(appended.back(), fmt::format("id{}", appended.size()));
    }
  }

  // Somebody else's, at the stream's end.
  void append_foreign() {
    bus.append(proto::journal_subject(kStream), "foreign", "foreign",
               {static_cast<std::int64_t>(stored().size())}, [](const Result<PublishAck>&) {});
    bus.pump_all();
  }

  // Until nothing is left to do, or for a minute.
  void settle() {
    const MonoTime end = timers.now() + seconds(60);
    bus.pump_all();
    while (timers.has_next() && timers.next() < end) {
      timers.advance_to(timers.next());
      bus.pump_all();
    }
  }

  std::vector<std::string> stored() const {
    std::vector<std::string> texts;
    for (const BusMessage& message : bus.stream(proto::journal_stream(kStream))) {
      texts.push_back(message.data);
    }
    return texts;
  }

  bool is_prefix() const {
    const auto texts = stored();
    return texts.size() <= appended.size() &&
           std::ranges::equal(texts, std::span(appended).first(texts.size()));
  }

  bool all_kept() const {
    std::vector<std::int64_t> all(appended.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      all[i] = static_cast<std::int64_t>(i) + 1;
    }
    return kept == all && log.settled() && stored() == appended;
  }

  FakeTimers timers;
  MemoryBus bus;
  RunClock clock{StreamClock(WallTime{}, MonoTime{}), [this] { return timers.now(); }};
  Metrics metrics;
  std::vector<std::string> appended;
  std::vector<std::int64_t> kept;
  std::optional<Error> lost;
  JournalLog log{bus, timers, clock, kStream,
                 JournalLog::Hooks{.on_kept = [this](std::int64_t n) { kept.push_back(n); },
                                   .on_lost = [this](const Error& error) { lost = error; },
                                   .metrics = &metrics}};
};

TEST_CASE("journal log: many records on their way at once are kept in order") {
  World world;
  world.append(1'000);
  CHECK(world.kept.empty());
  world.settle();
  CHECK(world.all_kept());
}

TEST_CASE("journal log: an append whose answer is lost counts as kept after looking") {
  World world;
  world.bus.set_faults({.lose_ack_permille = 1'000});
  world.append(5);
  world.bus.pump();
  world.bus.set_faults({});
  world.settle();
  CHECK(world.all_kept());
}

TEST_CASE("journal log: what is refused in the middle is sent again, and nothing is doubled") {
  World world;
  world.append(20);
  world.bus.pump();
  world.bus.set_faults({.refuse_permille = 300});
  world.append(20);
  world.bus.pump();
  world.bus.set_faults({});
  world.append(20);
  world.settle();
  CHECK(world.all_kept());
}

TEST_CASE("journal log: what is refused again and again is not sent as fast as it is refused") {
  World world;
  world.bus.set_faults({.refuse_permille = 1'000});
  world.append(3);
  world.bus.pump_all();  // ends: nothing more is done before a timer is due
  CHECK(world.timers.armed() == 1);
  world.timers.advance_to(world.timers.now() + seconds(5));
  world.bus.set_faults({});
  world.settle();
  CHECK(world.all_kept());
}

TEST_CASE("journal log: a connection that is lost with records on their way loses none of them") {
  World world;
  world.append(300);
  world.bus.pump();
  world.bus.disconnect();
  world.append(10);
  world.settle();
  CHECK(world.is_prefix());
  world.bus.connect();
  world.settle();
  CHECK(world.all_kept());
}

TEST_CASE("journal log: behind a record of somebody else nothing is appended any more") {
  World world;
  world.append(3);
  world.settle();
  world.append_foreign();
  world.append(2);
  world.settle();
  REQUIRE(world.lost);
  CHECK(world.lost->code == ErrorCode::conflict);
  CHECK(world.lost->message ==
        "record 4 of the journal is not ours: another supervisor leads the stream");
  world.append(2);
  world.bus.disconnect();
  world.bus.connect();
  world.settle();
  CHECK(world.stored().size() == 4);
  CHECK(world.kept == std::vector<std::int64_t>{1, 2, 3});
}

TEST_CASE("journal log: a stream that lost what it acknowledged is never appended to again") {
  World world;
  world.append(3);
  world.settle();
  JournalLog::Hooks hooks{.on_kept = [](std::int64_t) {},
                          .on_lost = [&world](const Error& error) { world.lost = error; },
                          .metrics = &world.metrics};
  JournalLog log(world.bus, world.timers, world.clock, kStream, std::move(hooks));
  log.start(5);  // the stream has only 3
  log.append("record 6", "id6");
  world.settle();
  REQUIRE(world.lost);
  CHECK(world.lost->code == ErrorCode::corrupt);
  CHECK(world.lost->message.starts_with("the journal ends with record 3, but record 5 was acknow"));
  CHECK(world.stored().size() == 3);
}

TEST_CASE("journal log: a stream that is behind for a moment has lost nothing") {
  World world;
  world.append(3);
  world.settle();
  JournalLog::Hooks hooks{.on_kept = [&world](std::int64_t n) { world.kept.push_back(n); },
                          .on_lost = [&world](const Error& error) { world.lost = error; },
                          .metrics = &world.metrics};
  JournalLog log(world.bus, world.timers, world.clock, kStream, std::move(hooks));
  log.start(5);  // its leader has not come further than 3 yet
  log.append("record 6", "id6");
  world.bus.pump_all();
  world.timers.advance_to(world.timers.now() + seconds(5));
  world.bus.pump_all();
  CHECK_FALSE(world.lost);
  world.append(2);  // what was acknowledged is there
  world.settle();
  CHECK_FALSE(world.lost);
  CHECK(log.kept() == 6);
  CHECK(world.stored().back() == "record 6");
}

TEST_CASE("journal log: whatever goes wrong, the stream is what was appended, as far as it goes") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    INFO("seed ", seed);
    std::mt19937_64 dice(seed);
    World world(seed);
    world.bus.set_faults({.delay_permille = 200,
                          .lose_ack_permille = 50,
                          .drop_append_permille = 50,
                          .refuse_permille = 50});
    for (int step = 0; step < 60; ++step) {
      world.append(static_cast<int>(dice() % 8));
      if (dice() % 20 == 0) {
        world.bus.disconnect();
      } else if (dice() % 4 == 0) {
        world.bus.connect();
      }
      world.bus.pump();
      if (dice() % 3 == 0) {
        world.timers.advance_to(world.timers.now() + millis(100));
      }
      CHECK(world.is_prefix());
      CHECK(world.kept.size() <= world.stored().size());
    }
    world.bus.set_faults({});
    world.bus.connect();
    world.settle();
    CHECK_FALSE(world.lost);
    CHECK(world.all_kept());
  }
}

}  // namespace
}  // namespace lc::supervisor
