#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/bus_world.h"

// What a journal on a stream stands on, asked of a real server: appends that expect the stream's
// end, reading one message, the end of a consumer, keys that are deleted or expire.

namespace lc {
namespace {

constexpr const char* kStream = "J";
constexpr const char* kSubject = "j.log";

using Answer = Result<PublishAck>;

ErrorCode code_of(const auto& result) {
  REQUIRE_FALSE(result.has_value());
  return result.error().code;
}

/// Appends, and keeps what is answered to each in the order given.
class Appends {
 public:
  explicit Appends(NatsBus& bus) : bus_(bus) {}

  void add(const std::string& data, std::int64_t expected_last, const std::string& msg_id) {
    std::size_t index = answers.size();
    answers.emplace_back();
    bus_.append(kSubject, data, msg_id, StreamSeq{expected_last}, [this, index](Answer answer) {
      answers[index].push_back(std::move(answer));
      ++answered;
    });
  }

  void wait(BusWorld& world) {
    REQUIRE(world.loop().run_until([this] { return answered >= answers.size(); }));
    for (const auto& of_one : answers) {
      REQUIRE(of_one.size() == 1);
    }
  }

  const Answer& operator[](std::int64_t index) const {
    return answers[static_cast<std::size_t>(index)].front();
  }

  std::vector<std::vector<Answer>> answers;
  std::size_t answered = 0;

 private:
  NatsBus& bus_;
};

Result<StreamMessage> message_at(BusWorld& world, std::int64_t seq,
                                 const std::string& stream = kStream) {
  return world.answer<StreamMessage>([&](OnResult<StreamMessage> r) {
    world.bus().get_message(stream, StreamSeq{seq}, std::move(r));
  });
}

Result<StreamMessage> last_of(BusWorld& world, const std::string& subject) {
  return world.answer<StreamMessage>([&](OnResult<StreamMessage> r) {
    world.bus().get_last_message(kStream, subject, std::move(r));
  });
}

Result<StreamInfo> info_of(BusWorld& world, const std::string& stream = kStream) {
  return world.answer<StreamInfo>(
      [&](OnResult<StreamInfo> r) { world.bus().stream_info(stream, std::move(r)); });
}

/// All that the stream holds, by a consumer that ends then.
std::vector<BusMessage> read_all(BusWorld& world, MessageIds ids) {
  std::int64_t last = info_of(world)->last_seq.value;
  std::vector<BusMessage> got;
  REQUIRE(world.bus().consume(
      kStream, kSubject, StreamSeq{1}, [&got](BusMessage m) { got.push_back(std::move(m)); }, ids));
  REQUIRE(world.loop().run_until([&] { return !got.empty() && got.back().seq.value >= last; }));
  world.bus().stop_consumer(kStream);
  return got;
}

TEST_CASE("journal bus: appends in a pipeline are stored in order, each answered with its place") {
  BusWorld world;
  world.ensure_stream(kStream, kSubject);
  constexpr int kMessages = 5'000;
  Appends appends(world.bus());
  for (int i = 0; i < kMessages; ++i) {
    appends.add("d" + std::to_string(i), i, "id" + std::to_string(i));
  }
  CHECK(appends.answered == 0);
  appends.wait(world);
  for (int i = 0; i < kMessages; ++i) {
    REQUIRE(appends[i].has_value());
    REQUIRE(appends[i]->seq == StreamSeq{i + 1});
    REQUIRE_FALSE(appends[i]->duplicate);
  }
  auto stored = read_all(world, MessageIds::read);
  REQUIRE(stored.size() == kMessages);
  for (std::size_t i = 0; i < stored.size(); ++i) {
    REQUIRE(stored[i].data == "d" + std::to_string(i));
    REQUIRE(stored[i].msg_id == "id" + std::to_string(i));
  }
}

TEST_CASE("journal bus: zero expects a stream without messages, a conflict stores nothing") {
  BusWorld world;
  world.ensure_stream(kStream, kSubject);
  CHECK(info_of(world)->first_seq == StreamSeq{0});
  Appends appends(world.bus());
  appends.add("early", 1, "");
  appends.add("first", 0, "");
  appends.add("second first", 0, "");
  appends.add("far", 7, "");
  appends.wait(world);
  CHECK(code_of(appends[0]) == ErrorCode::conflict);
  CHECK(appends[1]->seq == StreamSeq{1});
  CHECK(code_of(appends[2]) == ErrorCode::conflict);
  CHECK(code_of(appends[3]) == ErrorCode::conflict);
  auto info = info_of(world);
  REQUIRE(info.has_value());
  CHECK(info->last_seq == StreamSeq{1});
  CHECK(info->first_seq == StreamSeq{1});
  CHECK(info->messages == 1);
  CHECK(message_at(world, 1)->data == "first");
}

TEST_CASE("journal bus: behind a conflict in a pipeline everything conflicts") {
  BusWorld world;
  world.ensure_stream(kStream, kSubject);
  Appends appends(world.bus());
  appends.add("0", 0, "a0");
  appends.add("1", 1, "a1");
  // Somebody else's message: the one after the next would fit behind it by its number.
  REQUIRE(world.bus().publish_acked(kSubject, "theirs", "b", nullptr));
  for (int i = 2; i < 8; ++i) {
    appends.add(std::to_string(i), i, "a" + std::to_string(i));
  }
  appends.wait(world);
  CHECK(appends[0].has_value());
  CHECK(appends[1].has_value());
  for (int i = 2; i < 8; ++i) {
    CHECK(code_of(appends[i]) == ErrorCode::conflict);
  }
  auto stored = read_all(world, MessageIds::ignore);
  REQUIRE(stored.size() == 3);
  CHECK(stored[2].data == "theirs");
  CHECK(stored[2].msg_id.empty());
  Appends again(world.bus());
  again.add("2", 3, "a2");
  again.add("3", 4, "a3");
  again.wait(world);
  CHECK(again[1]->seq == StreamSeq{5});
}

TEST_CASE(
    "journal bus: a known id is a duplicate before any expectation, a refused id is not known") {
  BusWorld world;
  world.ensure_stream(kStream, kSubject);
  Appends appends(world.bus());
  appends.add("x", 0, "a");
  appends.add("y", 1, "b");
  appends.add("x", 0, "a");
  appends.add("x", 99, "a");
  appends.add("z", 0, "c");
  appends.add("z", 2, "c");
  appends.wait(world);
  CHECK(appends[2]->duplicate);
  CHECK(appends[2]->seq == StreamSeq{1});
  CHECK(appends[3]->duplicate);
  CHECK(code_of(appends[4]) == ErrorCode::conflict);
  REQUIRE(appends[5].has_value());
  CHECK(appends[5]->seq == StreamSeq{3});
  CHECK_FALSE(appends[5]->duplicate);
}

TEST_CASE("journal bus: what cannot be stored says why, in a later turn") {
  BusWorld world({}, {.max_payload_bytes = 2'000});
  auto made = world.answer<StreamInfo>([&](OnResult<StreamInfo> r) {
    world.bus().ensure_stream({.name = kStream,
                               .subject = kSubject,
                               .max_bytes = 1'000,
                               .max_msg_bytes = 600,
                               .full = StreamSpec::Full::refuse_new},
                              std::move(r));
  });
  REQUIRE(made.has_value());
  Appends appends(world.bus());
  appends.add(std::string(2'000, 'x'), 0, "");  // with its headers over the limit
  appends.add(std::string(1'500, 'x'), 0, "");
  appends.add(std::string(450, 'x'), 0, "a");
  appends.add(std::string(450, 'x'), 1, "b");
  appends.add(std::string(450, 'x'), 2, "c");
  CHECK(appends.answered == 0);
  appends.wait(world);
  CHECK(code_of(appends[0]) == ErrorCode::invalid_input);
  CHECK(code_of(appends[1]) == ErrorCode::invalid_input);
  CHECK(appends[2].has_value());
  CHECK(code_of(appends[3]) == ErrorCode::overloaded);
  CHECK(code_of(appends[4]) == ErrorCode::conflict);
  auto nowhere = world.answer<PublishAck>([&](OnResult<PublishAck> r) {
    world.bus().append("nobody", "x", "", StreamSeq{0}, std::move(r));
  });
  CHECK(code_of(nowhere) == ErrorCode::unavailable);
}

TEST_CASE("journal bus: appends beyond the outbox are refused, and so is what follows them") {
  BusWorld world({.outbox_messages_max = 10});
  world.ensure_stream(kStream, kSubject);
  Appends appends(world.bus());
  for (int i = 0; i < 12; ++i) {
    appends.add("x", i, "a" + std::to_string(i));
  }
  appends.wait(world);
  CHECK(appends[9].has_value());
  CHECK(code_of(appends[10]) == ErrorCode::overloaded);
  CHECK(code_of(appends[11]) == ErrorCode::overloaded);
  CHECK(info_of(world)->last_seq == StreamSeq{10});
}

TEST_CASE("journal bus: a kill with appends in flight answers each once; reading tells the rest") {
  BusWorld world;
  world.ensure_stream(kStream, kSubject);
  constexpr int kMessages = 3'000;
  constexpr int kInTheDark = 100;  // appended while the server does nothing any more
  Appends appends(world.bus());
  auto add = [&](int i) { appends.add("d" + std::to_string(i), i, "id" + std::to_string(i)); };
  for (int i = 0; i < kMessages; ++i) {
    add(i);
  }
  REQUIRE(world.loop().run_until([&] { return appends.answered > 0; }));
  world.server().freeze();
  for (int i = kMessages; i < kMessages + kInTheDark; ++i) {
    add(i);
  }
  int turns = 0;
  world.loop().run_until([&turns] { return ++turns > 3; });  // they leave the loop
  world.server().kill();
  appends.wait(world);
  std::int64_t acked = 0;
  for (std::int64_t i = 0; i < kMessages + kInTheDark; ++i) {
    if (appends[i]) {
      REQUIRE(acked == i);  // none after the first without an answer
      ++acked;
    } else {
      REQUIRE(appends[i].error().code == ErrorCode::unavailable);
    }
  }
  CHECK(acked > 0);
  CHECK(acked <= kMessages);
  auto offline = message_at(world, 1);
  CHECK(code_of(offline) == ErrorCode::unavailable);

  REQUIRE(world.server().restart());
  REQUIRE(world.loop().run_until([&] { return world.bus().state() == BusState::connected; }));
  auto info = info_of(world);
  REQUIRE(info.has_value());
  std::int64_t last = info->last_seq.value;
  MESSAGE("acknowledged " << acked << ", stored " << last << ", sent " << appends.answers.size());
  CHECK(last >= acked);
  CHECK(last <= kMessages + kInTheDark);
  for (std::int64_t seq = 1; seq <= last; ++seq) {
    REQUIRE(message_at(world, seq)->msg_id == "id" + std::to_string(seq - 1));
  }
  CHECK(code_of(message_at(world, last + 1)) == ErrorCode::not_found);
  // Everything again, as one that was told nothing would: it is stored once.
  Appends again(world.bus());
  for (int i = 0; i < kMessages + kInTheDark; ++i) {
    again.add("d" + std::to_string(i), i, "id" + std::to_string(i));
  }
  again.wait(world);
  for (int i = 0; i < kMessages + kInTheDark; ++i) {
    REQUIRE(again[i].has_value());
    REQUIRE(again[i]->seq == StreamSeq{i + 1});
    REQUIRE(again[i]->duplicate == (i < last));
  }
}

TEST_CASE("journal bus: a server that says nothing leaves an append unavailable in time") {
  BusWorld world({.request_timeout_ms = 200});
  world.ensure_stream(kStream, kSubject);
  world.server().freeze();
  Appends appends(world.bus());
  appends.add("x", 0, "a");
  appends.wait(world);
  CHECK(code_of(appends[0]) == ErrorCode::unavailable);
  world.server().thaw();
  // It had reached the server: it may have happened, and has.
  REQUIRE(world.loop().run_until([&] { return info_of(world)->last_seq == StreamSeq{1}; }));
}

TEST_CASE("journal bus: closing waits for the answers to appends") {
  BusWorld world;
  world.ensure_stream(kStream, kSubject);
  auto bus = world.connect();
  REQUIRE(world.loop().run_until([&] { return bus->state() == BusState::connected; }));
  Appends appends(*bus);
  for (int i = 0; i < 100; ++i) {
    appends.add("x", i, "");
  }
  world.close(*bus);
  CHECK(appends.answered == 100);
  CHECK(appends[99].has_value());
  appends.add("late", 100, "");
  CHECK(code_of(appends[100]) == ErrorCode::unavailable);
}

TEST_CASE("journal bus: one message is read by its number or as the last of a subject") {
  BusWorld world;
  world.ensure_stream(kStream, "j.*");
  Appends appends(world.bus());
  std::string data("a\0\r\n\xff", 5);
  appends.add(data, 0, "id-1");
  appends.add("", 1, "");
  appends.wait(world);
  REQUIRE(world.answer<PublishAck>([&](OnResult<PublishAck> r) {
    world.bus().append("j.other", "theirs", "o", StreamSeq{2}, std::move(r));
  }));
  auto first = message_at(world, 1);
  REQUIRE(first.has_value());
  CHECK(first->seq == StreamSeq{1});
  CHECK(first->data == data);
  CHECK(first->msg_id == "id-1");
  auto second = message_at(world, 2);
  REQUIRE(second.has_value());
  CHECK(second->data.empty());
  CHECK(second->msg_id.empty());
  auto last = last_of(world, kSubject);
  REQUIRE(last.has_value());
  CHECK(last->seq == StreamSeq{2});
  CHECK(last_of(world, "j.other")->data == "theirs");
  CHECK(code_of(last_of(world, "j.none")) == ErrorCode::not_found);
  for (std::int64_t seq : {-1, 0, 4}) {
    CHECK(code_of(message_at(world, seq)) == ErrorCode::not_found);
  }
  CHECK(code_of(message_at(world, 1, "NOWHERE")) == ErrorCode::not_found);
  CHECK(code_of(info_of(world, "NOWHERE")) == ErrorCode::not_found);
}

TEST_CASE("journal bus: a stopped consumer gives nothing more, the next one starts afresh") {
  BusWorld world;
  world.ensure_stream(kStream, kSubject);
  constexpr int kMessages = 2'000;
  Appends appends(world.bus());
  for (int i = 0; i < kMessages; ++i) {
    appends.add("x", i, "");
  }
  appends.wait(world);
  world.bus().stop_consumer(kStream);  // there is none
  int of_first = 0;
  REQUIRE(world.bus().consume(kStream, kSubject, StreamSeq{1}, [&](const BusMessage&) {
    if (++of_first == 10) {
      world.bus().stop_consumer(kStream);  // from inside; more of them wait behind this one
      world.bus().stop_consumer(kStream);
    }
  }));
  REQUIRE(world.loop().run_until([&] { return of_first == 10; }));
  std::vector<std::int64_t> seqs;
  auto note = [&seqs](const BusMessage& m) { seqs.push_back(m.seq.value); };
  REQUIRE(world.bus().consume(kStream, kSubject, StreamSeq{5}, note));
  REQUIRE(world.loop().run_until([&] { return !seqs.empty(); }));
  world.bus().pause_consumer(kStream);  // some are held now
  world.bus().stop_consumer(kStream);
  std::size_t given = seqs.size();
  Appends more(world.bus());
  more.add("y", kMessages, "");
  more.wait(world);
  REQUIRE(info_of(world).has_value());  // what was on its way has arrived by now
  CHECK(of_first == 10);
  CHECK(seqs.size() == given);
  CHECK(seqs.front() == 5);

  seqs.clear();
  REQUIRE(world.bus().consume(kStream, kSubject, StreamSeq{1}, note));
  REQUIRE(world.loop().run_until([&] { return seqs.size() > kMessages; }));
  CHECK(seqs.front() == 1);
  CHECK(seqs.back() == kMessages + 1);
  // A new connection brings back the one that is left, and no other.
  world.server().kill();
  REQUIRE(world.loop().run_until([&] { return world.bus().state() == BusState::disconnected; }));
  REQUIRE(world.server().restart());
  REQUIRE(world.loop().run_until([&] { return world.bus().state() == BusState::connected; }));
  Appends last(world.bus());
  last.add("z", kMessages + 1, "");
  last.wait(world);
  REQUIRE(last[0].has_value());
  REQUIRE(world.loop().run_until([&] { return seqs.back() == kMessages + 2; }));
  CHECK(of_first == 10);
  CHECK(seqs.size() == kMessages + 2);
}

}  // namespace
}  // namespace lc
