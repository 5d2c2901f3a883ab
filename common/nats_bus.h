#pragma once

#include <uv.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/bus.h"
#include "common/result.h"

namespace lc {

struct MessageHeader;

struct NatsBusOptions {
  std::string url = "nats://127.0.0.1:4222";  // comma-separated list; user:password@ or token@
  std::string name = "live-crew";             // shown by the server for this connection
  std::int64_t connect_timeout_ms = 2'000;
  std::int64_t request_timeout_ms = 2'000;  // one JetStream or KV call
  std::int64_t ack_timeout_ms = 2'000;      // then an unacknowledged message is sent again
  std::int64_t backoff_ms_max = 2'000;      // between attempts to connect
  std::size_t outbox_messages_max = 65'536;
  std::size_t outbox_bytes_max = std::size_t{64} << 20;
  std::size_t inbox_messages_max = 131'072;
  std::size_t inbox_bytes_max = std::size_t{96} << 20;
};

/// The Bus over nats.c, which runs on a thread of its own: the loop never calls it, so a server
/// that hangs can stop messages but not the clock.
///
/// Before the first connection: `subscribe`, `consume` and `publish_acked` are kept and start when
/// connected; `publish`, `append` and the requests answer `unavailable`.
class NatsBus final : public Bus {
 public:
  /// Starts connecting; `on_state` tells when it has worked. Retries for ever.
  ///
  /// Errors: invalid_input - the URL cannot be used.
  static Result<std::unique_ptr<NatsBus>> create(uv_loop_t* loop, NatsBusOptions options);
  NatsBus(const NatsBus&) = delete;
  NatsBus& operator=(const NatsBus&) = delete;
  ~NatsBus() override;  // best after close() has answered; else it ends the thread, and blocks

  Status publish(std::string subject, std::string data) override;
  Status publish_acked(std::string subject, std::string data, std::string msg_id,
                       OnResult<PublishAck> on_ack) override;
  void append(std::string subject, std::string data, std::string msg_id, StreamSeq expected_last,
              OnResult<PublishAck> on_result) override;
  Status subscribe(std::string subject, OnMessage on_message) override;
  Status consume(std::string stream, std::string subject, StreamSeq start, OnMessage on_message,
                 MessageIds ids = MessageIds::ignore) override;
  void stop_consumer(std::string stream) override;
  void pause_consumer(std::string stream) override;
  void resume_consumer(std::string stream) override;
  void ensure_stream(StreamSpec spec, OnResult<StreamInfo> on_result) override;
  void stream_info(std::string stream, OnResult<StreamInfo> on_result) override;
  void get_message(std::string stream, StreamSeq seq, OnResult<StreamMessage> on_result) override;
  void get_last_message(std::string stream, std::string subject,
                        OnResult<StreamMessage> on_result) override;
  void ensure_bucket(BucketSpec spec, OnResult<bool> on_result) override;
  void kv_get(std::string bucket, std::string key, OnResult<KvEntry> on_result) override;
  void kv_create(std::string bucket, std::string key, std::string value,
                 OnResult<std::uint64_t> on_result) override;
  void kv_put(std::string bucket, std::string key, std::string value,
              OnResult<std::uint64_t> on_result) override;
  void kv_update(std::string bucket, std::string key, std::string value, std::uint64_t revision,
                 OnResult<std::uint64_t> on_result) override;
  void kv_delete(std::string bucket, std::string key, std::uint64_t revision,
                 OnResult<std::uint64_t> on_result) override;
  void on_state(std::function<void(BusState)> on_change) override;
  BusState state() const override;
  BusStats stats() const override;
  std::int64_t max_payload() const override;
  /// `on_closed` may destroy the bus.
  void close(std::int64_t patience_ms, std::function<void()> on_closed) override;

  /// Why the last attempt to connect failed, for logs; empty while connected.
  const std::string& connect_error() const;

 private:
  struct Loop;  // the loop's side: callbacks, delivery of what arrived

  explicit NatsBus(std::unique_ptr<Loop> side);
  void write(const std::string& bucket, const std::string& key, std::string value,
             std::vector<MessageHeader> headers, OnResult<std::uint64_t> on_result);

  std::unique_ptr<Loop> side_;
};

}  // namespace lc
