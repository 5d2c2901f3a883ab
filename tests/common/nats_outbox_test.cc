#include "common/nats_outbox.h"

#include <doctest/doctest.h>

#include <vector>

#include "common/nats_delivery.h"

namespace lc {
namespace {

std::vector<std::uint64_t> due(const NatsOutbox& outbox, MonoTime now) {
  std::vector<std::uint64_t> ids;
  std::uint64_t last = 0;
  while (const PublishAcked* message = outbox.next_due(last, now)) {
    last = message->id;
    ids.push_back(last);
  }
  return ids;
}

NatsOutbox filled(std::uint64_t count) {
  NatsOutbox outbox(millis(100));
  for (std::uint64_t id = 1; id <= count; ++id) {
    outbox.add({.id = id, .subject = "s", .data = "d", .msg_id = "m"});
  }
  return outbox;
}

using Ids = std::vector<std::uint64_t>;

TEST_CASE("outbox: what was not sent is due, in order") {
  NatsOutbox outbox = filled(3);
  CHECK(due(outbox, MonoTime{0}) == Ids{1, 2, 3});
  outbox.sent(2, MonoTime{0});
  CHECK(due(outbox, MonoTime{0}) == Ids{1, 3});
}

TEST_CASE("outbox: without an ack it is due again, each time later") {
  NatsOutbox outbox = filled(1);
  MonoTime now{0};
  for (int factor : {1, 2, 4, 8, 16, 16}) {
    CAPTURE(factor);
    outbox.sent(1, now);
    CHECK(due(outbox, now + Micros{100'000 * factor - 1}).empty());
    now = now + millis(100 * factor);
    CHECK(due(outbox, now) == Ids{1});
  }
}

TEST_CASE("outbox: an ack ends it, in any order, twice, or for a stranger") {
  NatsOutbox outbox = filled(4);
  outbox.resolve(3);
  outbox.resolve(3);
  outbox.resolve(99);
  CHECK(outbox.size() == 3);
  CHECK(due(outbox, MonoTime{0}) == Ids{1, 2, 4});
  outbox.resolve(1);
  outbox.resolve(4);
  outbox.resolve(2);
  CHECK(outbox.empty());
  CHECK(due(outbox, MonoTime{0}).empty());
}

TEST_CASE("outbox: a new connection gets everything that is open, in order") {
  NatsOutbox outbox = filled(3);
  for (std::uint64_t id : {1, 2, 3}) {
    outbox.sent(id, MonoTime{0});
  }
  outbox.resolve(2);
  CHECK(due(outbox, MonoTime{1}).empty());
  outbox.disconnected();
  CHECK(due(outbox, MonoTime{1}) == Ids{1, 3});
}

TEST_CASE("outbox: a message that the server could not store waits a moment") {
  NatsOutbox outbox = filled(1);
  outbox.sent(1, MonoTime{0});
  outbox.postpone(1, MonoTime{0});
  CHECK(due(outbox, MonoTime{249'999}).empty());
  CHECK(due(outbox, MonoTime{250'000}) == Ids{1});
  for (int attempt = 0; attempt < 10; ++attempt) {
    outbox.sent(1, MonoTime{0});
  }
  outbox.postpone(1, MonoTime{0});
  CHECK(due(outbox, MonoTime{3'999'999}).empty());
  CHECK(due(outbox, MonoTime{4'000'000}) == Ids{1});
}

TEST_CASE("acks: a stored message, a duplicate, a refusal, a server that is not ready") {
  ParsedAck stored = parse_publish_ack(R"({"stream":"S","seq":7})");
  CHECK(stored.status.has_value());
  CHECK(stored.ack.seq == StreamSeq{7});
  CHECK_FALSE(stored.ack.duplicate);
  CHECK(parse_publish_ack(R"({"stream":"S","seq":7,"duplicate":true})").ack.duplicate);
  auto error = [](const char* code) {
    return parse_publish_ack(std::string(R"({"error":{"code":400,"err_code":)") + code +
                             R"(,"description":"words"},"stream":"S","seq":0})");
  };
  CHECK(error("10071").status.error() == Error{ErrorCode::conflict, "words (10071)"});
  CHECK(error("10164").status.error().code == ErrorCode::conflict);
  CHECK(error("10077").status.error().code == ErrorCode::overloaded);
  CHECK(error("10054").status.error().code == ErrorCode::invalid_input);
  CHECK(error("10008").again);
  CHECK_FALSE(error("10071").again);
  for (const char* code : {"10007", "10009", "10118", "10158", "10163"}) {
    CAPTURE(code);
    CHECK(error(code).again);
  }
  CHECK_FALSE(error("10077").again);
  CHECK(parse_publish_ack(R"({"error":{"code":503,"description":"raft: not leader"}})").again);
  CHECK_FALSE(parse_publish_ack(R"({"error":{"code":400,"description":"no"}})").again);
  CHECK(parse_publish_ack("+OK").status.error().code == ErrorCode::corrupt);
  CHECK(parse_publish_ack("{}").status.error().code == ErrorCode::corrupt);
}

TEST_CASE("ack subjects: old and new forms give the sequences and the time of storing") {
  struct Case {
    const char* subject;
    bool ok;
    std::int64_t stream_seq;
    std::int64_t consumer_seq;
  };
  for (const Case& one : {
           Case{"$JS.ACK.S.C.1.42.7.1699999999.0", true, 42, 7},
           Case{"$JS.ACK.domain.hash.S.C.1.42.7.1699999999.0", true, 42, 7},
           Case{"$JS.ACK._.hash.S.C.1.42.7.1699999999.0.token", true, 42, 7},
           Case{"$JS.ACK.S.C.1.42.7.1699999999", false, 0, 0},
           Case{"$JS.ACK.S.C.1.x.7.1699999999.0", false, 0, 0},
           Case{"$JS.FC.S.C.abc", false, 0, 0},
           Case{"", false, 0, 0},
       }) {
    CAPTURE(one.subject);
    const auto place = parse_ack_subject(one.subject);
    REQUIRE(place.has_value() == one.ok);
    if (place) {
      CHECK(place->stream_seq == one.stream_seq);
      CHECK(place->consumer_seq == one.consumer_seq);
      CHECK(place->stored == WallTime{1'699'999});
    }
  }
}

}  // namespace
}  // namespace lc
