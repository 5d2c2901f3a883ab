#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "common/bus.h"
#include "common/mailbox.h"

// What the loop and the bus thread tell each other. Everything here is a value that moves through
// one of the two queues; `BusLink` is the one object that both (and nats.c's callbacks) refer to.

namespace lc {

// Loop to bus thread.

struct PublishCore {
  std::string subject;
  std::string data;
};
/// One message of the outbox. `id` is unique and grows in the order of publishing.
struct PublishAcked {
  std::uint64_t id = 0;
  std::string subject;
  std::string data;
  std::string msg_id;
};
struct Subscribe {
  std::uint32_t index = 0;
  std::string subject;
};
/// `index` is unique and grows; it is not used again after StopConsumer.
struct Consume {
  std::uint32_t index = 0;
  std::string stream;
  std::string subject;
  std::int64_t start = 1;
  MessageIds ids = MessageIds::ignore;
};
struct StopConsumer {
  std::uint32_t index = 0;
};
/// The loop has come as far as the server's flow control asked; the server may go on.
struct FlowReply {
  std::uint64_t connection = 0;  // the reply is void on another connection
  std::string subject;
};
struct EnsureStream {
  std::uint64_t id = 0;
  StreamSpec spec;
};
struct ReadStreamInfo {
  std::uint64_t id = 0;
  std::string stream;
};
/// The message at `seq`, or the last one of `subject` when that is set.
struct GetMessage {
  std::uint64_t id = 0;
  std::string stream;
  std::int64_t seq = 0;
  std::string subject;
};
struct EnsureBucket {
  std::uint64_t id = 0;
  BucketSpec spec;
};
struct KvGet {
  std::uint64_t id = 0;
  std::string bucket;
  std::string key;
};
struct KvCreate {
  std::uint64_t id = 0;
  std::string bucket;
  std::string key;
  std::string value;
};
inline constexpr const char* kMsgIdHeader = "Nats-Msg-Id";
inline constexpr const char* kKvOperationHeader = "KV-Operation";

struct MessageHeader {
  const char* name = nullptr;  // a constant
  std::string value;
};
/// What headers add to a message, all of it counted against max_payload.
inline std::size_t header_bytes(const std::vector<MessageHeader>& headers) {
  constexpr std::string_view kBegin = "NATS/1.0\r\n";
  constexpr std::string_view kAround = ": \r\n";
  constexpr std::string_view kEnd = "\r\n";
  std::size_t bytes = headers.empty() ? 0 : kBegin.size() + kEnd.size();
  for (const MessageHeader& header : headers) {
    bytes += std::string_view(header.name).size() + header.value.size() + kAround.size();
  }
  return bytes;
}

/// `expected_id`, when not empty, is the id that the stream's last message must have.
inline std::vector<MessageHeader> append_headers(StreamSeq expected_last, std::string expected_id,
                                                 std::string msg_id) {
  std::vector<MessageHeader> headers;
  headers.reserve(3);
  headers.push_back(
      {.name = "Nats-Expected-Last-Sequence", .value = std::to_string(expected_last.value)});
  if (!expected_id.empty()) {
    headers.push_back({.name = "Nats-Expected-Last-Msg-Id", .value = std::move(expected_id)});
  }
  if (!msg_id.empty()) {
    headers.push_back({.name = kMsgIdHeader, .value = std::move(msg_id)});
  }
  return headers;
}

/// One publish into a stream with its own ack, never sent twice: append, and the writes of keys.
struct PublishOnce {
  std::uint64_t id = 0;
  std::string subject;
  std::string data;
  std::vector<MessageHeader> headers;
};
struct Close {
  MonoTime patience_ends;
};

// nats.c's threads to the bus thread.

struct AckSeen {
  std::uint64_t id = 0;
  bool resend = false;  // the server is there but cannot store yet
  enum class By { stored, refused, nobody } by = By::stored;  // nobody: who could have decided
};
struct ConsumerBroken {
  std::uint32_t index = 0;
  std::uint64_t generation = 0;
};
struct ConnectionClosed {
  std::uint64_t connection = 0;
};
struct DeliveryEnded {};

using BusCommand =
    std::variant<PublishCore, PublishAcked, PublishOnce, Subscribe, Consume, StopConsumer,
                 FlowReply, EnsureStream, ReadStreamInfo, GetMessage, EnsureBucket, KvGet, KvCreate,
                 Close, AckSeen, ConsumerBroken, ConnectionClosed, DeliveryEnded>;

// To the loop.

/// The answer to a request, by its id.
struct Reply {
  std::uint64_t id = 0;
  Status status;
  StreamInfo stream;
  StreamMessage message;
  KvEntry entry;
  PublishAck ack;
  bool created = false;
};

struct Arrival {
  enum class What : std::uint8_t {
    core,
    streamed,
    flow_request,
    reply,
    state,
    connect_failed,
    closed
  };

  What what = What::core;
  BusState state = BusState::connecting;
  std::uint32_t index = 0;       // subscription or consumer
  std::int64_t seq = 0;          // streamed: in the stream
  WallTime stored;               // streamed
  std::uint64_t connection = 0;  // flow_request
  std::string subject;
  std::string data;
  std::string msg_id;  // streamed, when asked for
  std::unique_ptr<Reply> reply;
};

/// The two queues, and counters that either side may read.
struct BusLink {
  explicit BusLink(QueueLimits command_limits) : commands(command_limits) {}

  std::unique_ptr<Mailbox<Arrival>> arrivals;  // set before the bus thread starts
  BlockingQueue<BusCommand> commands;

  std::atomic<std::uint64_t> connection = 0;  // number of the live connection; 0: none
  std::atomic<std::int64_t> max_payload = 0;
  std::atomic<std::uint64_t> core_messages = 0;  // core messages on their way to nats.c
  std::atomic<std::uint64_t> core_bytes = 0;
  std::atomic<std::uint64_t> dropped_slow = 0;
  std::atomic<std::uint64_t> received = 0;

  // Bus thread only: what a callback of nats.c may still be using, until everything has ended.
  std::vector<std::shared_ptr<void>> orphans;
};

}  // namespace lc
