#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/bus_world.h"

namespace lc {
namespace {

/// Publishes acknowledged messages for as long as it is told, and remembers what was acknowledged.
/// What the loop did meanwhile is what the tests are about.
class Traffic {
 public:
  Traffic(BusWorld& world, NatsBus& bus) : bus_(bus) {
    world.loop().on_tick([this] {
      if (running_) {
        publish();
      }
    });
  }

  void stop() { running_ = false; }
  std::size_t open() const { return open_; }
  const std::map<std::string, int>& acked() const { return acked_; }
  int core_sent() const { return core_sent_; }
  int kv_answers() const { return kv_answers_; }
  int kv_asked() const { return kv_asked_; }

 private:
  void publish() {
    std::string id = std::to_string(++last_);
    Status taken = bus_.publish_acked("s.events", id, "m" + id, [this, id](Result<PublishAck> ack) {
      --open_;
      if (ack) {
        ++acked_[id];
      }
    });
    open_ += taken.has_value() ? 1 : 0;
    for (int i = 0; i < 4; ++i) {
      core_sent_ += bus_.publish("core.x", std::string(300, 'x')).has_value() ? 1 : 0;
    }
    if (last_ % 20 == 0 && kv_asked_ - kv_answers_ < 100) {
      ++kv_asked_;
      bus_.kv_put("b", "k", id, [this](Result<std::uint64_t>) { ++kv_answers_; });
    }
  }

  NatsBus& bus_;
  bool running_ = true;
  int last_ = 0;
  std::size_t open_ = 0;
  std::map<std::string, int> acked_;
  int core_sent_ = 0;
  int kv_asked_ = 0;
  int kv_answers_ = 0;
};

/// Everything in the stream, read by a bus of its own after the faults.
std::map<std::string, int> stored_in(BusWorld& world, NatsBus& reader) {
  auto info = world.answer<StreamInfo>([&](OnResult<StreamInfo> on_result) {
    reader.ensure_stream({.name = "S", .subject = "s.events"}, std::move(on_result));
  });
  REQUIRE(info.has_value());
  std::map<std::string, int> stored;
  std::int64_t last = 0;
  REQUIRE(reader.consume("S", "s.events", StreamSeq{1}, [&](BusMessage m) {
    ++stored[m.data];
    last = m.seq.value;
  }));
  REQUIRE(world.loop().run_until([&] { return last >= info->last_seq.value; }));
  return stored;
}

void check_exactly_once(const std::map<std::string, int>& acked,
                        const std::map<std::string, int>& stored) {
  int missing = 0;
  int repeated = 0;
  for (const auto& [id, times] : acked) {
    CHECK_MESSAGE(times == 1, "acknowledged to the caller more than once: " << id);
    auto found = stored.find(id);
    missing += found == stored.end() ? 1 : 0;
  }
  for (const auto& [id, times] : stored) {
    repeated += times > 1 ? 1 : 0;
  }
  CHECK(missing == 0);
  CHECK(repeated == 0);
}

/// What a consumer got, checked as it comes: each stream sequence once, in order, without a hole.
struct Reader {
  std::int64_t last = 0;
  int wrong = 0;

  void on(const BusMessage& message) {
    wrong += message.seq.value == last + 1 ? 0 : 1;
    last = message.seq.value;
  }
};

void set_up(BusWorld& world, Reader& reader) {
  world.ensure_stream("S", "s.events");
  REQUIRE(world.answer<bool>(
      [&](OnResult<bool> r) { world.bus().ensure_bucket({.name = "b"}, std::move(r)); }));
  REQUIRE(world.bus().consume("S", "s.events", StreamSeq{1},
                              [&reader](BusMessage m) { reader.on(m); }));
  REQUIRE(world.bus().subscribe("core.>", [](BusMessage) {}));
}

/// A loop beside the bus's, on a thread of its own, that does nothing but tick: how long this
/// machine keeps anybody waiting just now.
class Control {
 public:
  Control() : thread_([this] { run(); }) {}
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;
  ~Control() { longest_gap(); }

  /// Ends it.
  Micros longest_gap() {
    done_ = true;
    if (thread_.joinable()) {
      thread_.join();
    }
    return gap_;
  }

 private:
  void run() {
    TickingLoop loop;
    loop.run_until([this] { return done_.load(); }, seconds(600));
    gap_ = loop.longest_gap();
  }

  std::atomic<bool> done_ = false;
  Micros gap_{0};
  std::thread thread_;
};

TEST_CASE("faults: a server frozen for 15 s under traffic stalls nobody and loses nothing") {
  BusWorld world;
  Reader reader;
  set_up(world, reader);
  Traffic traffic(world, world.bus());
  REQUIRE(world.loop().run_until([&] { return traffic.acked().size() > 100; }));

  Control control;
  world.loop().reset_gap();
  world.server().freeze();
  MonoTime frozen_until = monotonic_now() + seconds(15);
  REQUIRE(world.loop().run_until([&] { return monotonic_now() >= frozen_until; }));
  std::size_t acked_before = traffic.acked().size();
  world.server().thaw();
  REQUIRE(world.loop().run_until([&] { return traffic.acked().size() > acked_before + 500; }));
  traffic.stop();
  REQUIRE(world.loop().run_until([&] { return traffic.open() == 0; }));
  Micros gap = world.loop().longest_gap();
  Micros idle_gap = control.longest_gap();
  MESSAGE("longest gap of the loop: " << gap.us << " us, of an idle one: " << idle_gap.us
                                      << " us; acknowledged: " << traffic.acked().size()
                                      << "; reconnects: " << world.bus().stats().reconnects);
  // A loop that calls NATS stalls for seconds; a machine that is busy may stall any loop.
  CHECK(gap < std::max(millis(50), Micros{3 * idle_gap.us}));
  REQUIRE(world.loop().run_until([&] { return traffic.kv_answers() == traffic.kv_asked(); }));

  auto reader_bus = world.connect();
  REQUIRE(world.loop().run_until([&] { return reader_bus->state() == BusState::connected; }));
  auto stored = stored_in(world, *reader_bus);
  check_exactly_once(traffic.acked(), stored);
  auto total = static_cast<std::int64_t>(stored.size());
  CHECK(world.loop().run_until([&] { return reader.last >= total; }));
  CHECK(reader.last == total);
  CHECK(reader.wrong == 0);
  world.close(*reader_bus);
}

TEST_CASE("faults: a killed server that comes back has every acknowledged message once") {
  BusWorld world;
  Reader reader;
  set_up(world, reader);
  Traffic traffic(world, world.bus());
  constexpr int kRounds = 3;
  for (int round = 0; round < kRounds; ++round) {
    std::size_t before = traffic.acked().size();
    REQUIRE(world.loop().run_until([&] { return traffic.acked().size() > before + 200; }));
    world.server().kill();
    REQUIRE(world.loop().run_until([&] { return world.bus().state() == BusState::disconnected; }));
    REQUIRE(world.server().restart());
    REQUIRE(world.loop().run_until([&] { return world.bus().state() == BusState::connected; }));
  }
  std::size_t before = traffic.acked().size();
  REQUIRE(world.loop().run_until([&] { return traffic.acked().size() > before + 200; }));
  traffic.stop();
  REQUIRE(world.loop().run_until([&] { return traffic.open() == 0; }));
  CHECK(world.bus().stats().reconnects == kRounds);

  auto reader_bus = world.connect();
  REQUIRE(world.loop().run_until([&] { return reader_bus->state() == BusState::connected; }));
  auto stored = stored_in(world, *reader_bus);
  check_exactly_once(traffic.acked(), stored);
  auto total = static_cast<std::int64_t>(stored.size());
  CHECK(world.loop().run_until([&] { return reader.last >= total; }));
  CHECK(reader.last == total);
  CHECK(reader.wrong == 0);
  world.close(*reader_bus);
}

TEST_CASE("faults: an inbox that overflows makes no hole, only a delay") {
  BusWorld world;
  world.ensure_stream("S", "s.events");
  constexpr int kMessages = 3'000;
  int acked = 0;
  for (int i = 0; i < kMessages; ++i) {
    REQUIRE(world.bus().publish_acked("s.events", std::to_string(i), std::to_string(i),
                                      [&](Result<PublishAck> ack) { acked += ack.has_value(); }));
  }
  REQUIRE(world.loop().run_until([&] { return acked == kMessages; }));
  auto small = world.connect({.inbox_messages_max = 50});
  Reader reader;
  REQUIRE(small->consume("S", "s.events", StreamSeq{1}, [&](BusMessage m) {
    reader.on(m);
    MonoTime busy_until = monotonic_now() + Micros{50};  // the loop is slower than the server
    while (monotonic_now() < busy_until) {
    }
  }));
  CHECK(world.loop().run_until([&] { return reader.last >= kMessages; }));
  CHECK(reader.last == kMessages);
  CHECK(reader.wrong == 0);
  world.close(*small);
}

TEST_CASE("faults: a bus that is dropped without closing leaves no thread and no callback") {
  BusWorld world;
  world.ensure_stream("S", "s.events");
  {
    auto dropped = world.connect();
    REQUIRE(world.loop().run_until([&] { return dropped->state() == BusState::connected; }));
    REQUIRE(dropped->subscribe("core.>", [](BusMessage) { FAIL("after the end"); }));
    REQUIRE(
        dropped->consume("S", "s.events", StreamSeq{1}, [](BusMessage) { FAIL("after the end"); }));
    REQUIRE(dropped->publish_acked("s.events", "x", "1",
                                   [](Result<PublishAck>) { FAIL("after the end"); }));
  }
  bool acked = false;
  REQUIRE(
      world.bus().publish_acked("s.events", "y", "2", [&](Result<PublishAck>) { acked = true; }));
  CHECK(world.loop().run_until([&] { return acked; }));
}

}  // namespace
}  // namespace lc
