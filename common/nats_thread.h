#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/nats_bus.h"
#include "common/nats_delivery.h"
#include "common/nats_outbox.h"
#include "common/nats_wire.h"

namespace lc {

/// The bus thread: owns every nats.c object, and may block (a frozen server holds it for seconds).
///
/// nats.c's own reconnection is off: each disconnection ends the connection, and a new one gets
/// every subscription, every consumer from its last message on, and the whole outbox. One path for
/// the first connection and all later ones, and no state of an old connection in a new one.
class NatsThread {
 public:
  NatsThread(BusLink& link, const NatsBusOptions& options);
  NatsThread(const NatsThread&) = delete;
  NatsThread& operator=(const NatsThread&) = delete;

  /// The thread's whole life: returns after a Close command, when no callback can come any more.
  void run();

  /// Whether nats.c takes the options; called before the thread starts.
  static Result<NatsOptionsPtr> make_options(const NatsBusOptions& options);

 private:
  struct CoreSubscription {
    natsSubscription* subscription = nullptr;  // owned by `subscriptions`
    std::int64_t dropped_counted = 0;
  };
  struct Connection {
    std::uint64_t number = 0;
    std::string inbox;  // prefix of acks and of the consumers' deliveries
    NatsConnectionPtr connection;
    // Also retired ones: in nats.c 3.4.1 a subscription that is freed beside a live connection can
    // crash its read thread. Destroyed after the connection is closed.
    std::vector<NatsSubscriptionPtr> subscriptions;
    std::vector<CoreSubscription> core;
    JsContextPtr jetstream;
    std::map<std::string, KvStorePtr, std::less<>> buckets;
  };

  void connect();
  void choose_servers();
  void back_off();
  void leave_if_unheard(MonoTime now);
  Status set_up(Connection& fresh);
  void disconnect();
  void close_connection(std::unique_ptr<Connection> connection);
  void report(BusState state);

  void on(PublishCore& command);
  void on(PublishAcked& command);
  void on(PublishOnce& command);
  void on(Subscribe& command);
  void on(Consume& command);
  void on(StopConsumer& command);
  void on(FlowReply& command);
  void on(EnsureStream& command);
  void on(ReadStreamInfo& command);
  void on(GetMessage& command);
  void on(EnsureBucket& command);
  void on(KvGet& command);
  void on(KvCreate& command);
  void on(Close& command);
  void on(AckSeen& command);
  void on(ConsumerBroken& command);
  void on(ConnectionClosed& command);
  void on(DeliveryEnded& command);

  void tick(MonoTime now);
  MonoTime next_wake(MonoTime now) const;
  bool may_connect(MonoTime now) const;
  void send_due(MonoTime now);
  natsStatus send(const PublishAcked& message);
  void expire_requests(MonoTime now);
  void check_consumers(MonoTime now);
  void break_off(NatsConsumer& consumer, MonoTime now);
  Status start_consumer(const std::shared_ptr<NatsConsumer>& shared);
  void count_dropped();

  void reply(Reply reply);
  void reply_error(std::uint64_t id, Error error);
  /// The bucket's handle, or why there is none.
  Result<kvStore*> bucket(const std::string& name);

  BusLink& link_;
  const NatsBusOptions options_;
  NatsOptionsPtr nats_options_;
  std::unique_ptr<Connection> live_;
  std::vector<std::string> subjects_;  // by subscription index
  // By index. Shared with their deliveries, which nats.c ends when it likes.
  std::map<std::uint32_t, std::shared_ptr<NatsConsumer>> consumers_;
  NatsOutbox outbox_;
  std::map<std::uint64_t, MonoTime>
      requests_;  // PublishOnces under way, and when they are given up
  std::uint64_t connections_made_ = 0;
  std::uint64_t connections_open_ = 0;  // their closed callback has not come
  std::uint64_t deliveries_open_ = 0;
  MonoTime connect_at_{0};
  Micros connect_backoff_{0};
  MonoTime connected_at_{0};
  MonoTime next_tick_{0};
  std::optional<MonoTime> closing_;
  std::vector<std::string> urls_;
  std::string unheard_url_;                // the server that we left, tried last
  std::optional<MonoTime> unheard_since_;  // since when nobody takes what we write
};

}  // namespace lc
