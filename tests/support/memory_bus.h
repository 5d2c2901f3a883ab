#pragma once

#include <uv.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/bus.h"

namespace lc {

/// What goes wrong, each as a chance in a thousand, drawn from the seed.
struct BusFaults {
  int drop_core_permille = 0;       // a core message never arrives
  int duplicate_core_permille = 0;  // a core message arrives twice
  int delay_permille = 0;           // an arrival, an ack or an answer waits for a later pump()
  // An ack is lost: publish_acked sends again, and is acknowledged as a duplicate; an append has
  // happened, and answers `unavailable`.
  int lose_ack_permille = 0;
  int drop_append_permille = 0;  // an append never arrives: nothing is stored; `unavailable`
  int refuse_permille = 0;       // a publish or an append answers `overloaded`
};

struct MemoryBusOptions {
  std::uint64_t seed = 1;
  BusFaults faults = {};
  std::int64_t max_payload = 1 << 20;
  std::size_t outbox_messages_max = 65'536;
};

/// A Bus in memory: streams with sequences and message ids, buckets with revisions, core subjects
/// with `*` and `>`. It starts `connecting`; the first pump connects. Nothing is delivered inside a
/// call: `pump()` runs the callbacks, or the loop does after `run_on()`. Equal seeds and equal
/// calls give equal deliveries.
class MemoryBus final : public Bus {
 public:
  explicit MemoryBus(MemoryBusOptions options = {});
  MemoryBus(const MemoryBus&) = delete;
  MemoryBus& operator=(const MemoryBus&) = delete;
  ~MemoryBus() override;

  /// Runs what is due now, not what that brings about; false: there was nothing to do.
  bool pump();
  /// Pumps until nothing is left to do; asserts that this ends.
  void pump_all();
  /// From now on the loop pumps, a round a turn, while there is something to do.
  void run_on(uv_loop_t* loop);

  void set_faults(BusFaults faults);
  /// What is under way is lost; publish answers `unavailable`, acked messages are kept. Appends
  /// answer `unavailable`: those of this turn have not happened, those that a pump sent have.
  void disconnect();
  void connect();

  /// The time of an entry is over: it is gone without a trace. The bucket has a `ttl_ms`, the key
  /// is there.
  void expire(const std::string& bucket, const std::string& key);

  // What the world sees, for assertions.
  /// What a stream holds now; empty when there is none.
  const std::vector<BusMessage>& stream(const std::string& name) const;
  /// Every core message that was taken, also those that a fault dropped.
  const std::vector<BusMessage>& core_sent() const;

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
  void close(std::int64_t patience_ms, std::function<void()> on_closed) override;

 private:
  struct World;
  std::unique_ptr<World> world_;
};

/// Whether a NATS subject pattern (`*` one token, `>` the rest) takes a subject.
bool subject_matches(std::string_view pattern, std::string_view subject);

}  // namespace lc
