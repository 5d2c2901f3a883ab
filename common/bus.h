#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/result.h"
#include "common/time.h"

namespace lc {

/// A message as it arrived; `seq` is 0 unless it came from a stream.
struct BusMessage {
  std::string subject;
  std::string data;
  StreamSeq seq;
  std::string msg_id = {};  // only from a consumer that was asked for it
  WallTime stored = {};     // of a stream: when its server got it, by that server's clock
};

/// One message of a stream, read by itself; `msg_id` is empty if it was published without.
struct StreamMessage {
  StreamSeq seq;
  std::string data;
  std::string msg_id = {};
};

/// Whether a consumer tells the message ids: reading headers costs, with each message.
enum class MessageIds { ignore, read };

struct StreamSpec {
  std::string name;
  std::string subject;
  std::int64_t max_age_s = 86'400;
  std::int64_t max_bytes = std::int64_t{1} << 30;
  std::int64_t max_msg_bytes = 0;  // 0: the server's own limit
  std::int64_t duplicate_window_s = 30;
  enum class Full { refuse_new, drop_old } full = Full::drop_old;
  enum class Storage { file, memory } storage = Storage::file;
  int replicas = 1;
};

struct BucketSpec {
  std::string name;
  std::int64_t history = 8;
  StreamSpec::Storage storage = StreamSpec::Storage::file;
  std::int64_t ttl_ms = 0;  // an entry is gone so long after it was written; 0: never
  int replicas = 1;
};

struct StreamInfo {
  StreamSeq first_seq;
  StreamSeq last_seq;
  std::int64_t messages = 0;
  int replicas = 1;
};

struct KvEntry {
  std::string value;
  std::uint64_t revision = 0;
};

struct PublishAck {
  StreamSeq seq;
  bool duplicate = false;
};

enum class BusState { connecting, connected, disconnected, closed };

struct BusStats {
  std::uint64_t published = 0;
  std::uint64_t received = 0;
  std::uint64_t refused_full = 0;  // publishes refused because the mailbox or the outbox was full
  std::uint64_t dropped_slow = 0;  // messages that the client library dropped
  std::uint64_t reconnects = 0;
};

template <class T>
using OnResult = std::function<void(Result<T>)>;
using OnMessage = std::function<void(BusMessage)>;

/// The way to NATS as the supervisor's loop sees it: nothing here blocks, and every callback runs
/// on the loop thread. Subscriptions and consumers outlive disconnections: a consumer resumes after
/// the last message that it gave, without hole or repeat; core messages sent meanwhile are lost.
class Bus {
 public:
  virtual ~Bus() = default;

  /// Sends a core message, at most once. Errors: overloaded - the mailbox is full; unavailable -
  /// not connected (nothing is kept: the caller decides what an unsent message means).
  virtual Status publish(std::string subject, std::string data) = 0;

  /// Publishes into a stream until it is acknowledged: sent again with the same `msg_id` after a
  /// lost ack or a reconnection, in the order given. Errors at once: overloaded - the outbox is
  /// full.
  virtual Status publish_acked(std::string subject, std::string data, std::string msg_id,
                               OnResult<PublishAck> on_ack) = 0;

  /// Publishes into a stream if `expected_last` is the sequence of its last message, that is if
  /// nobody else has written; 0 expects a stream that never had one. Sent once, never again. A
  /// `msg_id` that the stream knows is answered as a duplicate before `expected_last` is looked at;
  /// an empty one is none.
  ///
  /// Many may be under way; they reach the server in the order given (also against
  /// `publish_acked`). When one is refused, so are those of its subject that were given behind it
  /// before it was answered, if they have ids: each expects the one before by its id too, as
  /// somebody else's message could stand in for it by its number.
  ///
  /// Errors: conflict - the stream ends elsewhere; nothing was stored. unavailable - not connected,
  /// the connection was lost, or no answer in time: it may have happened. overloaded - the outbox
  /// or the stream is full. invalid_input - over max_payload, or more than the stream takes.
  virtual void append(std::string subject, std::string data, std::string msg_id,
                      StreamSeq expected_last, OnResult<PublishAck> on_result) = 0;

  virtual Status subscribe(std::string subject, OnMessage on_message) = 0;

  /// Reads a stream in order from `start` on, until `stop_consumer`.
  virtual Status consume(std::string stream, std::string subject, StreamSeq start,
                         OnMessage on_message, MessageIds ids = MessageIds::ignore) = 0;

  /// Ends what `consume` began on this stream: nothing is given any more after the call, and the
  /// server forgets the consumer. A later `consume` starts afresh. None there: nothing happens.
  virtual void stop_consumer(std::string stream) = 0;

  /// Stops or resumes the delivery of `consume` (back-pressure); messages wait at the server.
  virtual void pause_consumer(std::string stream) = 0;
  virtual void resume_consumer(std::string stream) = 0;

  /// These two create what is not there. What is there keeps its limits, which are its owner's
  /// choice. Errors: conflict - the stream has other subjects.
  virtual void ensure_stream(StreamSpec spec, OnResult<StreamInfo> on_result) = 0;
  virtual void ensure_bucket(BucketSpec spec, OnResult<bool> on_result) = 0;  // true: was created

  /// Errors: not_found - no such stream.
  virtual void stream_info(std::string stream, OnResult<StreamInfo> on_result) = 0;
  /// Errors: not_found - no such stream, or no such message in it: deleted, expired, not yet there.
  virtual void get_message(std::string stream, StreamSeq seq,
                           OnResult<StreamMessage> on_result) = 0;
  /// The last message with this subject. Errors: as of `get_message`.
  virtual void get_last_message(std::string stream, std::string subject,
                                OnResult<StreamMessage> on_result) = 0;

  /// Errors: not_found - no such key: never written, deleted or expired.
  virtual void kv_get(std::string bucket, std::string key, OnResult<KvEntry> on_result) = 0;
  /// Errors: conflict - the key exists; one that was deleted or has expired does not.
  virtual void kv_create(std::string bucket, std::string key, std::string value,
                         OnResult<std::uint64_t> on_result) = 0;
  virtual void kv_put(std::string bucket, std::string key, std::string value,
                      OnResult<std::uint64_t> on_result) = 0;
  /// Errors: conflict - the key moved on from `revision`.
  virtual void kv_update(std::string bucket, std::string key, std::string value,
                         std::uint64_t revision, OnResult<std::uint64_t> on_result) = 0;
  /// The result is the revision of the deletion. Errors: conflict - the key moved on from
  /// `revision`.
  virtual void kv_delete(std::string bucket, std::string key, std::uint64_t revision,
                         OnResult<std::uint64_t> on_result) = 0;

  virtual void on_state(std::function<void(BusState)> on_change) = 0;
  virtual BusState state() const = 0;
  virtual BusStats stats() const = 0;

  /// Largest message that the server takes, in bytes; 0 before the first connection.
  virtual std::int64_t max_payload() const = 0;

  /// Waits for open acks up to `patience_ms`, then closes; `on_closed` runs last.
  virtual void close(std::int64_t patience_ms, std::function<void()> on_closed) = 0;
};

}  // namespace lc
