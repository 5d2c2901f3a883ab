#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "common/bus.h"

namespace lc {

/// What goes wrong, each as a chance in a thousand, drawn from the seed.
struct BusFaults {
  int drop_core_permille = 0;       // a core message never arrives
  int duplicate_core_permille = 0;  // a core message arrives twice
  int delay_permille = 0;           // an arrival or an ack waits for some later pump()
  int lose_ack_permille = 0;        // an ack is lost; the message is sent again, and is a duplicate
  int refuse_permille = 0;          // a publish answers `overloaded`
};

struct MemoryBusOptions {
  std::uint64_t seed = 1;
  BusFaults faults;
  std::int64_t max_payload = 1 << 20;
};

/// A Bus in memory: streams with sequences and duplicate windows, buckets with revisions, core
/// subjects with `*` and `>`. Nothing is delivered inside a call: `pump()` runs the callbacks.
/// Equal seeds and calls give equal deliveries.
class MemoryBus final : public Bus {
 public:
  explicit MemoryBus(MemoryBusOptions options = {});
  ~MemoryBus() override;

  /// Runs what is due now, not what that brings about; false: there was nothing.
  bool pump();
  /// Pumps until nothing is left; asserts that this ends.
  void pump_all();

  void set_faults(BusFaults faults);
  /// Publishing answers `unavailable` and nothing arrives until connect(); acked ones are kept.
  void disconnect();
  void connect();

  // What the world sees, for assertions.
  const std::vector<BusMessage>& stream(const std::string& name) const;
  const std::vector<BusMessage>& core_sent() const;

  Status publish(std::string subject, std::string data) override;
  Status publish_acked(std::string subject, std::string data, std::string msg_id,
                       OnResult<PublishAck> on_ack) override;
  Status subscribe(std::string subject, OnMessage on_message) override;
  Status consume(std::string stream, std::string subject, StreamSeq start,
                 OnMessage on_message) override;
  void pause_consumer(std::string stream) override;
  void resume_consumer(std::string stream) override;
  void ensure_stream(StreamSpec spec, OnResult<StreamInfo> on_result) override;
  void ensure_bucket(BucketSpec spec, OnResult<bool> on_result) override;
  void kv_get(std::string bucket, std::string key, OnResult<KvEntry> on_result) override;
  void kv_create(std::string bucket, std::string key, std::string value,
                 OnResult<std::uint64_t> on_result) override;
  void kv_put(std::string bucket, std::string key, std::string value,
              OnResult<std::uint64_t> on_result) override;
  void kv_update(std::string bucket, std::string key, std::string value, std::uint64_t revision,
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

}  // namespace lc
