#pragma once

#include <uv.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/uv.h"
#include "tests/support/memory_bus.h"

namespace lc {

/// What an append says of the stream's last message; an empty id says nothing.
struct ExpectedLast {
  StreamSeq seq;
  std::string msg_id;
};

struct MemoryStream {
  StreamSpec spec;
  std::vector<BusMessage> messages;
  std::unordered_map<std::string, std::int64_t> seq_by_id;
  std::int64_t last_seq = 0;
  std::string last_id;
  std::int64_t bytes = 0;

  /// What a server would answer. A message id that is known already is stored only once, whatever
  /// last sequence is expected.
  Result<PublishAck> store(const std::string& subject, const std::string& data,
                           const std::string& msg_id,
                           const std::optional<ExpectedLast>& expected = {});
  StreamInfo info() const;
};

struct MemoryBucket {
  /// A deletion is kept, with its revision; time takes an entry or a deletion away for good.
  struct Entry {
    KvEntry entry;
    bool deleted = false;
  };

  BucketSpec spec;
  std::map<std::string, Entry> entries;
  std::uint64_t last_revision = 0;
};

/// The server and the wires between it and the bus.
struct MemoryBus::World {
  struct Subscription {
    std::string pattern;
    OnMessage on_message;
  };
  struct Consumer {
    std::string stream;
    std::string subject;
    std::int64_t next = 1;
    MessageIds ids = MessageIds::ignore;
    OnMessage on_message;
    bool paused = false;
    bool stopped = false;  // it may be running just now: forgotten later
  };
  struct Unacked {
    std::string subject;
    std::string data;
    std::string msg_id;
    OnResult<PublishAck> on_ack;
    std::optional<ExpectedLast> expected;  // set: an append, which is sent once
    bool sent = false;
  };
  /// Something that runs in a pump. What travels on the connection is lost with it: then `lost`
  /// runs instead, if there is one.
  struct Errand {
    enum class Way { travels, local };

    std::function<void()> run;
    std::function<void()> lost = nullptr;
    Way way = Way::travels;
  };

  explicit World(MemoryBusOptions given) : options(given), dice(given.seed) {}

  bool draw(int permille) { return permille > 0 && static_cast<int>(dice() % 1'000) < permille; }
  void later(std::function<void()> run, std::function<void()> lost = nullptr);
  bool has_work() const;
  void wake();
  void lose_errands(std::deque<Errand> under_way);
  void set_state(BusState next);

  bool pump();
  bool run_errands();
  bool send_outbox();
  Result<PublishAck> send_append(Unacked& append);
  void lose_appends();
  /// The id of the append that is under way and that this one should follow, or nothing.
  std::string append_before(const std::string& subject, StreamSeq expected_last) const;
  bool feed_consumers();
  bool finish_closing();

  MemoryStream* stream_of(const std::string& subject);
  Result<StreamMessage> last_message(const std::string& stream,
                                     const std::function<bool(const BusMessage&)>& wanted) const;
  bool has_stream(const std::string& subject) const;
  bool has_new(const Consumer& consumer) const;
  void deliver_core(const BusMessage& message);
  void acknowledge(std::uint64_t id, Result<PublishAck> ack);
  /// What was not admitted is answered in the next pump, and never leaves the bus.
  void take_append(Unacked append, Status admitted);

  /// Answers a request in a later pump, or at once in the next with `unavailable`.
  template <class T>
  void answer(OnResult<T> on_result, std::function<Result<T>()> ask) {
    if (state == BusState::closed) {
      on_result(fail(ErrorCode::unavailable, "the bus is closed"));  // there is no later turn
      return;
    }
    if (state != BusState::connected) {
      errands.push_back({.run =
                             [on_result = std::move(on_result)] {
                               on_result(fail(ErrorCode::unavailable, "not connected to NATS"));
                             },
                         .way = Errand::Way::local});
      wake();
      return;
    }
    Result<T> result = ask();  // the server does it now; only the answer travels
    later([on_result, result] { on_result(result); },
          [on_result] {
            on_result(
                fail(ErrorCode::unavailable, "the connection to NATS was lost before the answer"));
          });
  }

  MemoryBusOptions options;
  std::mt19937_64 dice;
  BusState state = BusState::connecting;
  bool connecting = true;  // the next pump connects
  bool closing = false;
  std::function<void()> on_closed;
  std::vector<std::function<void(BusState)>> on_state;

  std::map<std::string, MemoryStream> streams;
  std::map<std::string, MemoryBucket> buckets;
  std::deque<Subscription> subscriptions;
  std::deque<Consumer> consumers;
  std::map<std::uint64_t, Unacked> outbox;
  std::uint64_t last_id = 0;
  std::deque<Errand> errands;
  std::vector<BusMessage> core_sent;
  BusStats stats;
  std::uint64_t connections = 0;
  UvOwned<uv_idle_t> idle;
};

}  // namespace lc
