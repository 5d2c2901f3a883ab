#include "tests/support/memory_bus.h"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "common/uv.h"

namespace lc {
namespace {

void connect(MemoryBus& bus) {
  bus.pump_all();
  REQUIRE(bus.state() == BusState::connected);
}

void ensure_stream(MemoryBus& bus, StreamSpec spec = {.name = "S", .subject = "s.events"}) {
  bool made = false;
  bus.ensure_stream(std::move(spec), [&](Result<StreamInfo> info) { made = info.has_value(); });
  bus.pump_all();
  REQUIRE(made);
}

TEST_CASE("memory bus: subjects match as NATS says") {
  struct Case {
    const char* pattern;
    const char* subject;
    bool matches;
  };
  for (const Case& one : {
           Case{"a.b", "a.b", true},
           Case{"a.b", "a.c", false},
           Case{"a.b", "a.b.c", false},
           Case{"a.*.c", "a.b.c", true},
           Case{"a.*", "a", false},
           Case{"a.*", "a.b.c", false},
           Case{"a.>", "a.b.c", true},
           Case{"a.>", "a", false},
           Case{">", "a", true},
           Case{"live.m1.slice.*.vision.done", "live.m1.slice.7.vision.done", true},
       }) {
    CAPTURE(one.pattern);
    CAPTURE(one.subject);
    CHECK(subject_matches(one.pattern, one.subject) == one.matches);
  }
}

TEST_CASE("memory bus: nothing runs inside a call, everything in a pump, in order") {
  MemoryBus bus;
  CHECK(bus.publish("a", "early").error().code == ErrorCode::unavailable);
  connect(bus);
  std::string got;
  REQUIRE(bus.subscribe("a", [&](BusMessage m) { got += m.data; }));
  REQUIRE(bus.publish("a", "1"));
  REQUIRE(bus.publish("a", "2"));
  CHECK(got.empty());
  CHECK(bus.pump());
  CHECK(got == "12");
  CHECK_FALSE(bus.pump());
}

TEST_CASE("memory bus: streams keep, deduplicate, and feed consumers from where they ask") {
  MemoryBus bus;
  connect(bus);
  ensure_stream(bus);
  std::vector<PublishAck> acks;
  for (const char* id : {"a", "b", "a"}) {
    REQUIRE(bus.publish_acked("s.events", id, id,
                              [&](Result<PublishAck> ack) { acks.push_back(ack.value()); }));
  }
  std::vector<std::string> got;
  REQUIRE(bus.consume("S", "", StreamSeq{2}, [&](BusMessage m) { got.push_back(m.data); }));
  bus.pump_all();
  REQUIRE(acks.size() == 3);
  CHECK(acks[2].duplicate);
  CHECK(acks[2].seq == acks[0].seq);
  CHECK(bus.stream("S").size() == 2);
  CHECK(got == std::vector<std::string>{"b"});
  bus.pause_consumer("S");
  REQUIRE(bus.publish_acked("s.events", "c", "c", nullptr));
  bus.pump_all();
  CHECK(got.size() == 1);
  bus.resume_consumer("S");
  bus.pump_all();
  CHECK(got == std::vector<std::string>{"b", "c"});
}

TEST_CASE("memory bus: a full stream refuses or forgets, as its specification says") {
  MemoryBus bus;
  connect(bus);
  ensure_stream(
      bus, {.name = "R", .subject = "r", .max_bytes = 10, .full = StreamSpec::Full::refuse_new});
  ensure_stream(bus, {.name = "D", .subject = "d", .max_bytes = 10});
  int refused = 0;
  for (const char* subject : {"r", "d"}) {
    for (const char* id : {"1", "2", "3"}) {
      REQUIRE(bus.publish_acked(subject, "12345", id, [&](Result<PublishAck> ack) {
        refused += !ack && ack.error().code == ErrorCode::overloaded;
      }));
    }
  }
  bus.pump_all();
  CHECK(refused == 1);
  CHECK(bus.stream("R").size() == 2);
  CHECK(bus.stream("D").size() == 2);
  CHECK(bus.stream("D").front().seq == StreamSeq{2});
}

TEST_CASE("memory bus: keys are compared before they are set") {
  MemoryBus bus;
  connect(bus);
  bus.ensure_bucket({.name = "b"}, [](Result<bool> created) { CHECK(created == true); });
  bus.ensure_bucket({.name = "b"}, [](Result<bool> created) { CHECK(created == false); });
  std::vector<Result<std::uint64_t>> got;
  auto note = [&](Result<std::uint64_t> revision) { got.push_back(std::move(revision)); };
  bus.kv_create("b", "k", "1", note);
  bus.kv_create("b", "k", "2", note);
  bus.kv_update("b", "k", "3", 1, note);
  bus.kv_update("b", "k", "4", 1, note);
  bus.kv_put("nowhere", "k", "5", note);
  bus.kv_create("nowhere", "k", "5", note);
  bus.pump_all();
  REQUIRE(got.size() == 6);
  CHECK(got[0] == 1);
  CHECK(got[1].error().code == ErrorCode::conflict);
  CHECK(got[2] == 2);
  CHECK(got[3].error().code == ErrorCode::conflict);
  CHECK(got[4].error().code == ErrorCode::unavailable);
  CHECK(got[5].error().code == ErrorCode::not_found);
  std::optional<KvEntry> entry;
  bus.kv_get("b", "k", [&](Result<KvEntry> found) { entry = found.value(); });
  bus.pump_all();
  CHECK(entry->value == "3");
}

TEST_CASE("memory bus: a callback may disconnect; what was under way is lost or answered") {
  MemoryBus bus;
  connect(bus);
  ensure_stream(bus);
  std::string order;
  REQUIRE(bus.subscribe("a", [&](BusMessage m) {
    order += m.data;
    bus.disconnect();
  }));
  REQUIRE(bus.publish("a", "1"));
  REQUIRE(bus.publish("a", "2"));
  bus.kv_get("b", "k", [&](Result<KvEntry> entry) {
    order += entry.error().code == ErrorCode::unavailable ? "u" : "?";
  });
  REQUIRE(bus.publish_acked("s.events", "x", "1", [&](auto ack) { order += ack ? "a" : "?"; }));
  bus.pump_all();
  CHECK(order == "1u");
  bus.connect();
  bus.pump_all();
  CHECK(order == "1ua");
}

/// What happens under faults from one seed, as text.
std::string faulty_run(std::uint64_t seed) {
  MemoryBus bus({.seed = seed,
                 .faults = {.drop_core_permille = 200,
                            .duplicate_core_permille = 200,
                            .delay_permille = 300,
                            .lose_ack_permille = 300,
                            .refuse_permille = 100}});
  std::string trace;
  connect(bus);
  ensure_stream(bus);
  REQUIRE(bus.subscribe("core", [&](BusMessage m) { trace += "c" + m.data + " "; }));
  std::map<std::string, int> acked;
  for (int i = 0; i < 200; ++i) {
    std::string id = std::to_string(i);
    static_cast<void>(bus.publish("core", id));
    static_cast<void>(bus.publish_acked("s.events", id, id, [&trace, &acked, id](auto ack) {
      ++acked[id];
      trace += "a" + id + (ack->duplicate ? "d " : " ");
    }));
    if (i % 50 == 25) {
      bus.disconnect();
      CHECK(bus.publish("core", "x").error().code == ErrorCode::unavailable);
      bus.connect();
    }
    bus.pump();
  }
  bus.pump_all();
  for (const auto& [id, times] : acked) {
    CHECK(times == 1);
  }
  CHECK(acked.size() == bus.stream("S").size());
  CHECK(bus.stats().refused_full > 0);
  CHECK(bus.stats().reconnects == 4);
  return trace;
}

TEST_CASE("memory bus: equal seeds fail equally, acked messages are stored once whatever fails") {
  CHECK(faulty_run(7) == faulty_run(7));
  CHECK(faulty_run(7) != faulty_run(8));
  std::string trace = faulty_run(7);
  CHECK(trace.find("d ") != std::string::npos);
}

TEST_CASE("memory bus: closing gives the open acks first, and answers what cannot be") {
  MemoryBus bus;
  connect(bus);
  ensure_stream(bus);
  std::string order;
  REQUIRE(bus.publish_acked("s.events", "x", "1", [&](auto ack) { order += ack ? "a" : "?"; }));
  REQUIRE(bus.publish_acked("nobody", "x", "2", [&](auto ack) { order += ack ? "?" : "u"; }));
  bus.close(100, [&] { order += "c"; });
  bus.pump_all();
  CHECK(order == "auc");
  CHECK(bus.state() == BusState::closed);
}

TEST_CASE("memory bus: a loop can do the pumping") {
  auto loop = UvLoop::create().value();
  auto bus = std::make_unique<MemoryBus>();
  bus->run_on(loop->get());
  int got = 0;
  REQUIRE(bus->subscribe("a", [&](BusMessage) {
    if (++got == 3) {
      loop->stop();
    } else {
      REQUIRE(bus->publish("a", "again"));
    }
  }));
  bus->on_state([&](BusState) { REQUIRE(bus->publish("a", "first")); });
  loop->run();
  CHECK(got == 3);
  bus.reset();
  loop->close();
}

}  // namespace
}  // namespace lc
