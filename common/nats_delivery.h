#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/nats_handles.h"
#include "common/nats_wire.h"
#include "common/result.h"

// What runs on nats.c's delivery thread: it copies bytes into a mailbox and decides nothing else.

namespace lc {

inline constexpr Micros kConsumerHeartbeat = seconds(2);

/// One ordered reader of a stream, across its generations. Shared by the bus thread, until the
/// consumer is stopped, and by the deliveries of its generations, which may end later.
struct NatsConsumer {
  std::uint32_t index = 0;
  std::string stream;
  std::string subject;
  MessageIds ids = MessageIds::ignore;
  std::atomic<std::int64_t> last_pushed = 0;    // stream sequence; the next start follows it
  std::atomic<std::int64_t> last_heard_us = 0;  // monotonic
  std::atomic<std::uint64_t> generation = 0;    // what older ones bring is dropped
  // Bus thread only:
  bool live = false;
  MonoTime retry_at{0};
  Micros backoff{0};
  std::int64_t started_after = 0;  // the present generation's first message follows this one
  natsSubscription* subscription = nullptr;  // owned by the connection
};

/// Delivers a core subject to the loop as subscription `index`.
Result<NatsSubscriptionPtr> deliver_core(BusLink& link, natsConnection* connection,
                                         const std::string& subject, std::uint32_t index);

/// Takes acks on `<inbox>.*`, where the last token is `a` (outbox) or `r` (request) and the id.
Result<NatsSubscriptionPtr> deliver_acks(BusLink& link, natsConnection* connection,
                                         const std::string& inbox);

/// Takes what a push consumer sends to `inbox`, for the consumer's present generation.
Result<NatsSubscriptionPtr> deliver_consumer(BusLink& link, std::uint64_t connection_number,
                                             natsConnection* connection, const std::string& inbox,
                                             std::shared_ptr<NatsConsumer> consumer);

// Each delivery that was created sends one DeliveryEnded after its last callback.

/// The value of a header, or nothing when there is none; valid as long as the message.
std::string_view header_of(natsMsg* message, const char* name);

/// Where a message stands in its stream and in its consumer's order, and when it was stored.
struct AckPlace {
  std::int64_t stream_seq = 0;
  std::int64_t consumer_seq = 0;
  WallTime stored;
};

/// From a message's reply subject `$JS.ACK...`; nothing: it is not such a subject.
std::optional<AckPlace> parse_ack_subject(std::string_view reply);

/// The answer to a JetStream publish.
struct ParsedAck {
  Status status;
  PublishAck ack;
  bool again = false;  // the server cannot store just now: send it again
};
ParsedAck parse_publish_ack(std::string_view data);

}  // namespace lc
