#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "common/nats_wire.h"
#include "common/time.h"

namespace lc {

/// The messages that are not acknowledged yet, in the order given. A value: it decides what is to
/// be sent when, and sends nothing.
class NatsOutbox {
 public:
  explicit NatsOutbox(Micros ack_timeout) : ack_timeout_(ack_timeout) {}

  /// `message.id` is larger than every id before.
  void add(PublishAcked message);

  /// Acknowledged or refused; an id that is not here (a second ack) is no error.
  void resolve(std::uint64_t id);

  /// The server could not store it: due again after a pause that grows to 4 s.
  void postpone(std::uint64_t id, MonoTime now);

  /// Nothing that was sent counts as sent any more: a new connection gets all of it, in order.
  void disconnected();

  /// The first message after `after_id` that is due at `now`, or null. Valid until the next call
  /// that changes the outbox.
  const PublishAcked* next_due(std::uint64_t after_id, MonoTime now) const;

  /// It was sent at `now`; due again when no ack comes, later with each attempt (up to 16 times
  /// the timeout).
  void sent(std::uint64_t id, MonoTime now);

  std::size_t size() const { return open_; }
  bool empty() const { return open_ == 0; }

 private:
  struct Entry {
    PublishAcked message;
    MonoTime due{0};
    int attempts = 0;
    bool resolved = false;
  };

  std::deque<Entry>::iterator find(std::uint64_t id);

  Micros ack_timeout_;
  std::deque<Entry> entries_;  // by id; resolved ones leave when they reach the front
  std::size_t open_ = 0;
};

}  // namespace lc
