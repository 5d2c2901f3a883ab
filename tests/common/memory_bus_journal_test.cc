#include <doctest/doctest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/memory_bus.h"

// What tests/integration/bus_journal_test.cc and bus_keys_test.cc ask of a real server, asked of
// the fake; and its faults.

namespace lc {
namespace {

using Answer = Result<PublishAck>;

void connect_with_stream(MemoryBus& bus) {
  bus.pump_all();
  bool made = false;
  bus.ensure_stream({.name = "J", .subject = "j.log"},
                    [&](Result<StreamInfo> info) { made = info.has_value(); });
  bus.pump_all();
  REQUIRE(made);
}

ErrorCode code_of(const auto& result) {
  REQUIRE_FALSE(result.has_value());
  return result.error().code;
}

template <class T, class Call>
Result<T> answer(MemoryBus& bus, Call call) {
  std::optional<Result<T>> result;
  call([&result](Result<T> got) { result = std::move(got); });
  CHECK_FALSE(result.has_value());
  bus.pump_all();
  REQUIRE(result.has_value());
  return *result;
}

/// Appends, and keeps what is answered to each in the order given.
class Appends {
 public:
  explicit Appends(MemoryBus& bus) : bus_(bus) {}

  void add(std::int64_t expected_last, const std::string& msg_id, const std::string& data = "x") {
    std::size_t index = answers_.size();
    answers_.emplace_back();
    bus_.append("j.log", data, msg_id, StreamSeq{expected_last}, [this, index](Answer got) {
      failed_ = failed_ || !got.has_value();
      answers_[index].push_back(std::move(got));
    });
  }

  std::size_t answered() const {
    std::size_t count = 0;
    for (const auto& of_one : answers_) {
      CHECK(of_one.size() <= 1);
      count += of_one.size();
    }
    return count;
  }
  std::size_t given() const { return answers_.size(); }
  bool failed() const { return failed_; }
  const Answer& operator[](std::size_t index) const { return answers_[index].at(0); }

 private:
  MemoryBus& bus_;
  std::vector<std::vector<Answer>> answers_;
  bool failed_ = false;
};

TEST_CASE("memory journal: appends in a pipeline are stored in order, beside acked messages") {
  MemoryBus bus;
  connect_with_stream(bus);
  Appends appends(bus);
  appends.add(0, "a", "1");
  REQUIRE(bus.publish_acked("j.log", "2", "", nullptr));
  appends.add(2, "", "3");
  CHECK(appends.answered() == 0);
  bus.pump_all();
  CHECK(appends[0]->seq == StreamSeq{1});
  CHECK(appends[1]->seq == StreamSeq{3});
  std::string stored;
  for (const BusMessage& message : bus.stream("J")) {
    stored += message.data + message.msg_id;
  }
  CHECK(stored == "1a23");
}

TEST_CASE("memory journal: zero expects a stream without messages, a conflict stores nothing") {
  MemoryBus bus;
  connect_with_stream(bus);
  Appends appends(bus);
  appends.add(1, "");
  appends.add(0, "");
  appends.add(0, "");
  bus.pump_all();
  CHECK(code_of(appends[0]) == ErrorCode::conflict);
  CHECK(appends[1].has_value());
  CHECK(code_of(appends[2]) == ErrorCode::conflict);
  CHECK(bus.stream("J").size() == 1);
}

TEST_CASE("memory journal: behind a conflict in a pipeline everything conflicts") {
  MemoryBus bus;
  connect_with_stream(bus);
  Appends appends(bus);
  appends.add(0, "a0");
  REQUIRE(bus.publish_acked("j.log", "theirs", "b", nullptr));
  for (int i = 1; i < 6; ++i) {
    appends.add(i, "a" + std::to_string(i));
  }
  bus.pump_all();
  CHECK(appends[0].has_value());
  for (std::size_t i = 1; i < 6; ++i) {
    CHECK(code_of(appends[i]) == ErrorCode::conflict);
  }
  CHECK(bus.stream("J").size() == 2);
  Appends again(bus);
  again.add(2, "a1");
  bus.pump_all();
  CHECK(again[0].has_value());
}

TEST_CASE("memory journal: a known id is a duplicate first, a refused id is not known") {
  MemoryBus bus;
  connect_with_stream(bus);
  Appends appends(bus);
  appends.add(0, "a");
  appends.add(99, "a");
  appends.add(0, "b");
  appends.add(1, "b");
  bus.pump_all();
  CHECK(appends[1]->duplicate);
  CHECK(appends[1]->seq == StreamSeq{1});
  CHECK(code_of(appends[2]) == ErrorCode::conflict);
  CHECK_FALSE(appends[3]->duplicate);
}

TEST_CASE("memory journal: what cannot be stored says why, in a later turn") {
  MemoryBus bus({.max_payload = 200, .outbox_messages_max = 3});
  Appends appends(bus);
  appends.add(0, "");
  CHECK(appends.answered() == 0);
  connect_with_stream(bus);
  CHECK(code_of(appends[0]) == ErrorCode::unavailable);
  appends.add(0, "", std::string(200, 'x'));  // with its headers over the limit
  appends.add(0, "a");
  appends.add(1, "b");
  appends.add(2, "c");
  CHECK(appends.answered() == 1);
  bus.pump_all();
  CHECK(code_of(appends[1]) == ErrorCode::invalid_input);
  CHECK(appends[2].has_value());
  CHECK(appends[3].has_value());
  CHECK(code_of(appends[4]) == ErrorCode::overloaded);
  CHECK(bus.stats().refused_full == 1);
  auto nowhere = answer<PublishAck>(
      bus, [&](auto r) { bus.append("nobody", "x", "", StreamSeq{0}, std::move(r)); });
  CHECK(code_of(nowhere) == ErrorCode::unavailable);
}

TEST_CASE(
    "memory journal: a lost connection answers each append once, and reading tells the rest") {
  MemoryBus bus;
  connect_with_stream(bus);
  Appends appends(bus);
  appends.add(0, "a0");
  bus.pump();  // the server has it; the answer is under way
  appends.add(1, "a1");
  bus.disconnect();
  appends.add(2, "a2");
  bus.pump_all();
  REQUIRE(appends.answered() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(code_of(appends[i]) == ErrorCode::unavailable);
  }
  bus.connect();
  bus.pump_all();
  CHECK(appends.answered() == 3);
  auto info = answer<StreamInfo>(bus, [&](auto r) { bus.stream_info("J", std::move(r)); });
  CHECK(info->last_seq == StreamSeq{1});
  auto last =
      answer<StreamMessage>(bus, [&](auto r) { bus.get_message("J", StreamSeq{1}, std::move(r)); });
  CHECK(last->msg_id == "a0");
}

TEST_CASE("memory journal: an append whose answer is lost has happened, a dropped one has not") {
  MemoryBus bus;
  connect_with_stream(bus);
  Appends appends(bus);
  bus.set_faults({.lose_ack_permille = 1'000});
  appends.add(0, "a");
  bus.pump_all();
  CHECK(code_of(appends[0]) == ErrorCode::unavailable);
  CHECK(bus.stream("J").size() == 1);
  bus.set_faults({.drop_append_permille = 1'000});
  appends.add(1, "b");
  bus.pump_all();
  CHECK(code_of(appends[1]) == ErrorCode::unavailable);
  CHECK(bus.stream("J").size() == 1);
  bus.set_faults({.refuse_permille = 1'000});
  appends.add(1, "b");
  bus.pump_all();
  CHECK(code_of(appends[2]) == ErrorCode::overloaded);
  bus.set_faults({});
  appends.add(0, "a");
  appends.add(1, "b");
  bus.pump_all();
  CHECK(appends[3]->duplicate);
  CHECK(appends[4]->seq == StreamSeq{2});
}

TEST_CASE("memory journal: whatever fails, a pipeline is stored as far as a prefix") {
  constexpr int kAppends = 40;
  int whole = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    MemoryBus bus({.seed = seed});
    connect_with_stream(bus);
    bus.set_faults({.delay_permille = 100,
                    .lose_ack_permille = 20,
                    .drop_append_permille = 10,
                    .refuse_permille = 10});
    Appends appends(bus);
    std::size_t theirs = 0;
    for (int i = 0; i < kAppends && !appends.failed(); ++i) {
      appends.add(i, "a" + std::to_string(i));
      if (i % 7 == 0) {
        bus.pump();
      }
      if (seed % 4 == 0 && i == kAppends / 2) {
        theirs += bus.publish_acked("j.log", "theirs", "t", nullptr).has_value() ? 1 : 0;
      }
    }
    bus.pump_all();
    REQUIRE(appends.answered() == appends.given());
    const auto& stored = bus.stream("J");
    std::size_t ours = 0;
    while (ours < stored.size() && stored[ours].msg_id == "a" + std::to_string(ours)) {
      ++ours;
    }
    CHECK(stored.size() <= ours + theirs);  // nothing of ours behind a hole
    for (std::size_t i = 0; i < appends.given(); ++i) {
      CHECK((!appends[i].has_value() || i < ours));
    }
    whole += ours == kAppends ? 1 : 0;
  }
  CHECK(whole > 0);
  CHECK(whole < 200);
}

TEST_CASE("memory journal: one message is read by its number or as the last of a subject") {
  MemoryBus bus;
  connect_with_stream(bus);
  auto at = [&](std::int64_t seq) {
    return answer<StreamMessage>(
        bus, [&](auto r) { bus.get_message("J", StreamSeq{seq}, std::move(r)); });
  };
  auto last_of = [&](const std::string& stream, const std::string& subject) {
    return answer<StreamMessage>(
        bus, [&](auto r) { bus.get_last_message(stream, subject, std::move(r)); });
  };
  CHECK(code_of(last_of("J", "j.log")) == ErrorCode::not_found);
  Appends appends(bus);
  appends.add(0, "a", "1");
  appends.add(1, "", "2");
  bus.pump_all();
  CHECK(at(1)->data == "1");
  CHECK(at(1)->msg_id == "a");
  CHECK(last_of("J", "j.log")->seq == StreamSeq{2});
  for (std::int64_t seq : {0, 3}) {
    CHECK(code_of(at(seq)) == ErrorCode::not_found);
  }
  CHECK(code_of(last_of("NOWHERE", "j.log")) == ErrorCode::not_found);
  auto info = answer<StreamInfo>(bus, [&](auto r) { bus.stream_info("NOWHERE", std::move(r)); });
  CHECK(code_of(info) == ErrorCode::not_found);
  bus.disconnect();
  CHECK(code_of(at(1)) == ErrorCode::unavailable);
}

TEST_CASE("memory journal: a stopped consumer gives nothing more, the next one starts afresh") {
  MemoryBus bus;
  connect_with_stream(bus);
  Appends appends(bus);
  appends.add(0, "a", "1");
  appends.add(1, "b", "2");
  bus.pump_all();
  bus.stop_consumer("J");  // there is none
  std::string got;
  REQUIRE(bus.consume("J", "", StreamSeq{1}, [&](const BusMessage& m) {
    got += m.data + m.msg_id;
    bus.stop_consumer("J");
  }));
  bus.pump_all();
  CHECK(got == "1");
  REQUIRE(bus.consume(
      "J", "", StreamSeq{1}, [&](const BusMessage& m) { got += m.data + m.msg_id; },
      MessageIds::read));
  bus.pump_all();
  CHECK(got == "11a2b");
  bus.stop_consumer("J");
  appends.add(2, "c", "3");
  bus.pump_all();
  CHECK(got == "11a2b");
}

TEST_CASE("memory journal: keys end by who knows their revision, or by their time") {
  MemoryBus bus;
  connect_with_stream(bus);
  bus.ensure_bucket({.name = "b", .ttl_ms = 1'000}, [](const auto&) {});
  auto create = [&] {
    return answer<std::uint64_t>(bus, [&](auto r) { bus.kv_create("b", "k", "v", std::move(r)); });
  };
  auto remove = [&](std::uint64_t revision) {
    return answer<std::uint64_t>(bus,
                                 [&](auto r) { bus.kv_delete("b", "k", revision, std::move(r)); });
  };
  auto get = [&] {
    return answer<KvEntry>(bus, [&](auto r) { bus.kv_get("b", "k", std::move(r)); });
  };
  CHECK(code_of(remove(7)) == ErrorCode::conflict);
  CHECK(create() == 1);
  CHECK(code_of(remove(2)) == ErrorCode::conflict);
  CHECK(remove(1) == 2);
  CHECK(code_of(get()) == ErrorCode::not_found);
  CHECK(code_of(remove(1)) == ErrorCode::conflict);
  CHECK(create() == 3);
  CHECK(code_of(create()) == ErrorCode::conflict);
  bus.expire("b", "k");
  CHECK(code_of(get()) == ErrorCode::not_found);
  CHECK(code_of(remove(3)) == ErrorCode::conflict);
  CHECK(create() == 4);
}

TEST_CASE("memory journal: a closed bus answers at once, closing waits for the answers") {
  MemoryBus bus;
  connect_with_stream(bus);
  Appends appends(bus);
  appends.add(0, "a");
  bool closed = false;
  bus.close(100, [&] { closed = appends.answered() == 1; });
  bus.pump_all();
  CHECK(closed);
  CHECK(appends[0].has_value());
  appends.add(1, "b");
  CHECK(code_of(appends[1]) == ErrorCode::unavailable);
}

}  // namespace
}  // namespace lc
