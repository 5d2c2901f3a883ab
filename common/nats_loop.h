#pragma once

#include <uv.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "common/nats_bus.h"
#include "common/nats_wire.h"
#include "common/uv.h"

namespace lc {

/// The loop's side of the bus: callbacks, limits, and what has arrived but is not given out yet.
struct NatsBus::Loop {
  struct Consumer {
    std::string stream;
    OnMessage on_message;
    std::int64_t last_given = 0;
    bool paused = false;
    bool stopped = false;
    std::deque<Arrival> held;  // not given yet; bounded by the server's flow control (32 MiB)
  };
  struct OpenAck {
    OnResult<PublishAck> on_ack;
    std::size_t bytes = 0;
    std::string appended_to = {};  // the subject, if it is an append
  };
  struct LastAppend {
    std::uint64_t id = 0;
    StreamSeq expected_last;
    std::string msg_id;
  };
  using OnReply = std::function<void(Reply)>;

  Loop(NatsBusOptions options_given, QueueLimits command_limits)
      : options(std::move(options_given)), link(command_limits) {}
  ~Loop();

  static Result<std::unique_ptr<Loop>> create(uv_loop_t* loop, NatsBusOptions options);

  // Towards the bus thread.
  void push(BusCommand command);
  void flush();
  Status check_size(const std::string& subject, std::size_t bytes);
  Status check_outbox(std::size_t bytes);
  Status refuse_full(std::string_view what);
  std::uint64_t expect(OnReply on_reply);
  std::uint64_t expect_ack(OpenAck ack);
  /// Answers in a later turn, like every other answer, what is not sent at all.
  void refuse(std::uint64_t id, Error error);
  void forget_stopped();

  // From the bus thread.
  void on_wake();
  bool take_in();
  enum class Given { now, later };
  Given give(Arrival& arrival);
  void give_streamed(Consumer& consumer, Arrival& arrival);
  void give_reply(Reply& reply);
  bool give_held(Consumer& consumer);
  void end();

  NatsBusOptions options;
  BusLink link;
  std::thread thread;
  UvOwned<uv_prepare_t> flusher;     // sends a turn's commands in one go before the loop waits
  std::vector<BusCommand> outgoing;  // of this turn
  std::vector<Arrival> batch;        // taken, given out up to `given`
  std::size_t given = 0;
  bool giving = false;

  std::vector<OnMessage> subscriptions;
  std::map<std::uint32_t, Consumer> consumers;  // by index; none leaves while `giving`
  std::uint32_t last_consumer = 0;
  std::unordered_map<std::uint64_t, OpenAck> open_acks;
  std::size_t open_ack_bytes = 0;
  std::unordered_map<std::string, LastAppend> last_appends;  // by subject, while not answered
  std::map<std::uint64_t, OnReply> open_requests;
  std::uint64_t last_id = 0;

  BusState state = BusState::connecting;
  std::string connect_error;
  std::vector<std::function<void(BusState)>> on_state;
  std::function<void()> on_closed;
  bool closing = false;
  bool ended = false;
  std::uint64_t published = 0;
  std::uint64_t refused_full = 0;
  std::uint64_t connections = 0;
};

}  // namespace lc
