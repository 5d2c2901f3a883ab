#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "common/bus.h"

namespace lc::supervisor {

inline constexpr std::size_t kOutboxPressureMessages = 10'000;  // above: take no more events

/// What must reach a stream: kept in order until the bus takes it, counted until it is
/// acknowledged. The bus sends again after lost acks; this waits when the bus is full.
class Outbox {
 public:
  explicit Outbox(Bus& bus) : bus_(bus) {}

  /// `on_ack` learns what became of it; unavailable: nobody knows, the bus was closed.
  void send(std::string subject, std::string data, std::string msg_id,
            OnResult<PublishAck> on_ack = {});

  /// Tries again what the bus was too full to take; called when acks come in and on reconnection.
  void pump();

  bool pressed() const { return waiting_.size() > kOutboxPressureMessages; }
  std::size_t unacknowledged() const { return waiting_.size() + in_flight_; }
  std::uint64_t lost() const { return lost_; }  // refused for good by the server

  /// Runs after every acknowledgement.
  void on_progress(std::function<void()> callback) { on_progress_ = std::move(callback); }

 private:
  struct Letter {
    std::string subject;
    std::string data;
    std::string msg_id;
    OnResult<PublishAck> on_ack;
  };

  Bus& bus_;
  std::deque<Letter> waiting_;
  std::size_t in_flight_ = 0;
  std::uint64_t lost_ = 0;
  std::function<void()> on_progress_;
};

}  // namespace lc::supervisor
