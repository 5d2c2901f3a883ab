#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "common/clock.h"
#include "tests/support/bus_world.h"

namespace lc {
namespace {

TEST_CASE("bus: a core message arrives once, whole, zero bytes too") {
  BusWorld world;
  std::vector<BusMessage> got;
  REQUIRE(world.bus().subscribe("live.*.ctx", [&](BusMessage m) { got.push_back(std::move(m)); }));
  std::string data("a\0b", 3);
  REQUIRE(world.bus().publish("live.m1.ctx", data));
  REQUIRE(world.bus().publish("live.m2.ctx", ""));
  REQUIRE(world.bus().publish("other", "x"));
  REQUIRE(world.bus().publish("live.m3.ctx", "last"));
  REQUIRE(world.loop().run_until([&] { return got.size() >= 3; }));
  CHECK(got.size() == 3);
  CHECK(got[0].subject == "live.m1.ctx");
  CHECK(got[0].data == data);
  CHECK(got[1].data.empty());
  CHECK(got[2].data == "last");
  CHECK(got[0].seq == StreamSeq{0});
}

TEST_CASE("bus: core and acknowledged messages keep the order in which they were given") {
  BusWorld world;
  world.ensure_stream("S", "s.events");
  std::vector<std::string> got;
  auto note = [&](BusMessage m) { got.push_back(m.data); };
  REQUIRE(world.bus().subscribe("s.>", note));
  std::vector<std::string> sent;
  for (int i = 0; i < 2'000; ++i) {
    sent.push_back(std::to_string(i));
    if (i % 3 == 0) {
      REQUIRE(world.bus().publish_acked("s.events", sent.back(), "", nullptr));
    } else {
      REQUIRE(world.bus().publish("s.core", sent.back()));
    }
  }
  REQUIRE(world.loop().run_until([&] { return got.size() >= sent.size(); }));
  CHECK(got == sent);
}

TEST_CASE("bus: an acknowledged message is stored once however often it is given") {
  BusWorld world;
  world.ensure_stream("S", "s.events");
  std::vector<PublishAck> acks;
  for (int i = 0; i < 3; ++i) {
    REQUIRE(world.bus().publish_acked("s.events", "x", "same-id", [&](Result<PublishAck> ack) {
      REQUIRE(ack.has_value());
      acks.push_back(*ack);
    }));
  }
  REQUIRE(world.loop().run_until([&] { return acks.size() == 3; }));
  CHECK(acks[0].seq == StreamSeq{1});
  CHECK_FALSE(acks[0].duplicate);
  CHECK(acks[1].duplicate);
  CHECK(acks[2].duplicate);
  CHECK(acks[2].seq == StreamSeq{1});
}

TEST_CASE("bus: a consumer gives the whole stream in order, from the start asked for") {
  BusWorld world;
  world.ensure_stream("S", "s.events");
  constexpr int kMessages = 20'000;
  int acked = 0;
  for (int i = 1; i <= kMessages; ++i) {
    REQUIRE(world.bus().publish_acked("s.events", std::to_string(i), std::to_string(i),
                                      [&](Result<PublishAck> ack) { acked += ack.has_value(); }));
  }
  REQUIRE(world.loop().run_until([&] { return acked == kMessages; }));
  std::vector<std::int64_t> seqs;
  bool data_fits = true;
  REQUIRE(world.bus().consume("S", "s.events", StreamSeq{101}, [&](BusMessage m) {
    seqs.push_back(m.seq.value);
    data_fits = data_fits && m.data == std::to_string(m.seq.value);
  }));
  REQUIRE(world.loop().run_until([&] { return seqs.size() >= kMessages - 100; }));
  CHECK(seqs.front() == 101);
  CHECK(seqs.back() == kMessages);
  CHECK(seqs.size() == kMessages - 100);
  CHECK(std::is_sorted(seqs.begin(), seqs.end()));
  CHECK(data_fits);
}

TEST_CASE("bus: a paused consumer gives nothing, then everything in order") {
  BusWorld world;
  world.ensure_stream("S", "s.events");
  std::vector<std::int64_t> seqs;
  REQUIRE(world.bus().consume("S", "s.events", StreamSeq{1},
                              [&](BusMessage m) { seqs.push_back(m.seq.value); }));
  world.bus().pause_consumer("S");
  constexpr int kMessages = 5'000;
  int acked = 0;
  for (int i = 0; i < kMessages; ++i) {
    REQUIRE(world.bus().publish_acked("s.events", std::string(2'000, 'x'), std::to_string(i),
                                      [&](Result<PublishAck> ack) { acked += ack.has_value(); }));
  }
  REQUIRE(world.loop().run_until([&] { return acked == kMessages; }));
  CHECK(seqs.empty());
  world.bus().resume_consumer("S");
  REQUIRE(world.loop().run_until([&] { return seqs.size() >= kMessages; }));
  CHECK(seqs.size() == kMessages);
  CHECK(seqs.back() == kMessages);
  CHECK(std::is_sorted(seqs.begin(), seqs.end()));
}

TEST_CASE("bus: a core message passes the events that wait to be given out") {
  constexpr int kEvents = 5'000;
  constexpr Micros kWork = Micros{20};  // for each event: all of them take a hundred times a turn
  BusWorld world;
  world.ensure_stream("S", "s.events");
  int acked = 0;
  for (int i = 0; i < kEvents; ++i) {
    REQUIRE(world.bus().publish_acked("s.events", "e", "", [&](Result<PublishAck>) { ++acked; }));
  }
  REQUIRE(world.loop().run_until([&] { return acked == kEvents; }));
  int events = 0;
  int events_before_answer = -1;
  REQUIRE(world.bus().subscribe("s.done", [&](BusMessage) { events_before_answer = events; }));
  REQUIRE(world.bus().consume("S", "s.events", StreamSeq{1}, [&](BusMessage) {
    for (const MonoTime end = monotonic_now() + kWork; monotonic_now() < end;) {
    }
    // Asked for when all events have arrived or are about to: the answer is behind them.
    if (++events == kEvents / 10) {
      REQUIRE(world.bus().publish("s.done", ""));
    }
  }));
  REQUIRE(world.loop().run_until([&] { return events == kEvents && events_before_answer >= 0; }));
  CHECK(events_before_answer < kEvents);
}

TEST_CASE("bus: a consumer may wait for a stream that does not exist yet") {
  BusWorld world;
  int got = 0;
  REQUIRE(world.bus().consume("S", "s.events", StreamSeq{1}, [&](BusMessage) { ++got; }));
  world.ensure_stream("S", "s.events");
  REQUIRE(world.bus().publish_acked("s.events", "x", "1", nullptr));
  CHECK(world.loop().run_until([&] { return got == 1; }));
}

TEST_CASE("bus: an existing stream keeps its settings, and another subject is a conflict") {
  BusWorld world;
  world.ensure_stream("S", "s.events");
  auto again = world.answer<StreamInfo>([&](OnResult<StreamInfo> on_result) {
    world.bus().ensure_stream({.name = "S", .subject = "s.events", .max_bytes = 5},
                              std::move(on_result));
  });
  CHECK(again.has_value());
  auto other = world.answer<StreamInfo>([&](OnResult<StreamInfo> on_result) {
    world.bus().ensure_stream({.name = "S", .subject = "s.other"}, std::move(on_result));
  });
  REQUIRE_FALSE(other.has_value());
  CHECK(other.error().code == ErrorCode::conflict);
  CHECK(other.error().message ==
        "stream 'S' exists with the subjects [s.events], not 's.other': remove it or use another "
        "stream name");
}

TEST_CASE("bus: a full stream that refuses new messages answers overloaded") {
  BusWorld world;
  auto made = world.answer<StreamInfo>([&](OnResult<StreamInfo> on_result) {
    world.bus().ensure_stream({.name = "S",
                               .subject = "s.events",
                               .max_bytes = 1'000,
                               .full = StreamSpec::Full::refuse_new},
                              std::move(on_result));
  });
  REQUIRE(made.has_value());
  int refused = 0;
  int stored = 0;
  for (int i = 0; i < 10; ++i) {
    REQUIRE(world.bus().publish_acked(
        "s.events", std::string(300, 'x'), std::to_string(i), [&](Result<PublishAck> ack) {
          stored += ack.has_value();
          refused += !ack && ack.error().code == ErrorCode::overloaded;
        }));
  }
  REQUIRE(world.loop().run_until([&] { return refused + stored == 10; }));
  CHECK(stored >= 1);
  CHECK(refused >= 5);
}

TEST_CASE("bus: keys are created once, updated by revision, read back") {
  BusWorld world;
  NatsBus& bus = world.bus();
  auto bucket = [&] {
    return world.answer<bool>(
        [&](OnResult<bool> r) { bus.ensure_bucket({.name = "live_m1_ctx"}, std::move(r)); });
  };
  auto create = [&](const std::string& value) {
    return world.answer<std::uint64_t>([&](OnResult<std::uint64_t> r) {
      bus.kv_create("live_m1_ctx", "epoch0", value, std::move(r));
    });
  };
  auto update = [&](const std::string& value, std::uint64_t revision) {
    return world.answer<std::uint64_t>([&](OnResult<std::uint64_t> r) {
      bus.kv_update("live_m1_ctx", "epoch0", value, revision, std::move(r));
    });
  };
  auto get = [&](const std::string& key) {
    return world.answer<KvEntry>(
        [&](OnResult<KvEntry> r) { bus.kv_get("live_m1_ctx", key, std::move(r)); });
  };
  CHECK(bucket() == true);
  CHECK(bucket() == false);
  CHECK(get("epoch0").error().code == ErrorCode::not_found);
  auto first = create("a");
  REQUIRE(first.has_value());
  auto second = create("b");
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == ErrorCode::conflict);
  auto updated = update("c", *first);
  REQUIRE(updated.has_value());
  CHECK(*updated > *first);
  auto stale = update("d", *first);
  REQUIRE_FALSE(stale.has_value());
  CHECK(stale.error().code == ErrorCode::conflict);
  auto entry = get("epoch0");
  REQUIRE(entry.has_value());
  CHECK(entry->value == "c");
  CHECK(entry->revision == *updated);
  auto put = world.answer<std::uint64_t>([&](OnResult<std::uint64_t> r) {
    bus.kv_put("live_m1_ctx", "snapshot", std::string("\0\"x", 3), std::move(r));
  });
  REQUIRE(put.has_value());
  CHECK(get("snapshot")->value == std::string("\0\"x", 3));
}

TEST_CASE("bus: a key that is no key, and a bucket that does not exist, are named") {
  BusWorld world;
  for (const char* key : {"a.*", "", ".a", "a..b", "a b", ">"}) {
    auto put = world.answer<std::uint64_t>(
        [&](OnResult<std::uint64_t> r) { world.bus().kv_put("bucket", key, "v", std::move(r)); });
    REQUIRE_FALSE(put.has_value());
    CHECK(put.error().code == ErrorCode::invalid_input);
  }
  auto missing = world.answer<KvEntry>(
      [&](OnResult<KvEntry> r) { world.bus().kv_get("nowhere", "k", std::move(r)); });
  CHECK(missing.error().code == ErrorCode::not_found);
}

TEST_CASE("bus: a message over max_payload is refused with both numbers") {
  BusWorld world({}, {.max_payload_bytes = 10'000});
  CHECK(world.bus().max_payload() == 10'000);
  Status core = world.bus().publish("x", std::string(10'001, 'x'));
  REQUIRE_FALSE(core.has_value());
  CHECK(core.error().code == ErrorCode::invalid_input);
  CHECK(core.error().message ==
        "message of 10001 bytes for 'x' is over the server's max_payload of 10000");
  CHECK_FALSE(world.bus().publish_acked("x", std::string(9'990, 'x'), "id", nullptr).has_value());
  CHECK(world.bus().publish("x", std::string(10'000, 'x')).has_value());
}

TEST_CASE("bus: a full outbox answers overloaded and counts") {
  BusWorld world({.outbox_messages_max = 10});
  int taken = 0;
  for (int i = 0; i < 20; ++i) {  // no stream has this subject: nothing is acknowledged
    taken += world.bus().publish_acked("nobody", "x", std::to_string(i), nullptr).has_value();
  }
  CHECK(taken == 10);
  CHECK(world.bus().stats().refused_full == 10);
  Status more = world.bus().publish_acked("nobody", "x", "z", nullptr);
  CHECK(more.error().code == ErrorCode::overloaded);
}

TEST_CASE("bus: without a server it keeps trying, refuses core messages and keeps acked ones") {
  auto server = PrivateNats::start();
  REQUIRE(server.has_value());
  std::string url = (*server)->url();
  (*server)->stop();
  TickingLoop loop;
  auto bus = NatsBus::create(loop.get(), {.url = url});
  REQUIRE(bus.has_value());
  CHECK((*bus)->publish("x", "y").error().code == ErrorCode::unavailable);
  bool acked = false;
  REQUIRE((*bus)->publish_acked("s.events", "kept", "1",
                                [&](Result<PublishAck> ack) { acked = ack.has_value(); }));
  std::optional<Result<KvEntry>> answer;
  (*bus)->kv_get("b", "k", [&](Result<KvEntry> got) { answer = std::move(got); });
  REQUIRE(loop.run_until([&] { return answer.has_value(); }));
  CHECK(answer->error().code == ErrorCode::unavailable);
  CHECK((*bus)->state() == BusState::connecting);
  REQUIRE(loop.run_until([&] { return !(*bus)->connect_error().empty(); }));
  CHECK((*bus)->connect_error().starts_with("connecting: "));
  REQUIRE((*server)->restart());
  REQUIRE(loop.run_until([&] { return (*bus)->state() == BusState::connected; }));
  (*bus)->ensure_stream({.name = "S", .subject = "s.events"},
                        [](Result<StreamInfo> made) { CHECK(made.has_value()); });
  CHECK(loop.run_until([&] { return acked; }));
  CHECK((*bus)->connect_error().empty());
  bool closed = false;
  (*bus)->close(1'000, [&] { closed = true; });
  CHECK(loop.run_until([&] { return closed; }));
  CHECK((*bus)->state() == BusState::closed);
  bool answered = false;
  (*bus)->kv_get("b", "k", [&](Result<KvEntry> got) {
    answered = got.error().code == ErrorCode::unavailable;
  });
  CHECK(answered);
}

TEST_CASE("bus: its end may be the end of its owner") {
  BusWorld world;
  auto bus = world.connect();
  bus->close(100, [&bus] { bus.reset(); });
  CHECK(world.loop().run_until([&] { return bus == nullptr; }));
}

TEST_CASE("bus: closing waits for open acks, and answers those that never come") {
  BusWorld world;
  world.ensure_stream("S", "s.events");
  auto bus = world.connect();
  int acked = 0;
  int lost = 0;
  for (int i = 0; i < 100; ++i) {
    REQUIRE(bus->publish_acked("s.events", "x", std::to_string(i),
                               [&](Result<PublishAck> ack) { acked += ack.has_value(); }));
  }
  REQUIRE(bus->publish_acked("nobody", "x", "z", [&](Result<PublishAck> ack) {
    lost += !ack && ack.error().code == ErrorCode::unavailable;
  }));
  bool closed = false;
  bus->close(500, [&] {
    CHECK(acked == 100);
    CHECK(lost == 1);
    closed = true;
  });
  CHECK(bus->publish("x", "y").error().code == ErrorCode::unavailable);
  REQUIRE(world.loop().run_until([&] { return closed; }));
}

TEST_CASE("bus: a URL that is none is refused at once") {
  TickingLoop loop;
  for (const char* url : {"", "nats://", "nats://h:x", "h:0", "h:65536", "nats://h:1,", "a b:1"}) {
    CAPTURE(url);
    auto bus = NatsBus::create(loop.get(), {.url = url});
    REQUIRE_FALSE(bus.has_value());
    CHECK(bus.error().code == ErrorCode::invalid_input);
  }
  auto secret = NatsBus::create(loop.get(), {.url = "nats://me:secret@host:nine"});
  CHECK(secret.error().message ==
        "'host:nine' is no NATS server: give it as nats://host:port, several with commas");
}

}  // namespace
}  // namespace lc
