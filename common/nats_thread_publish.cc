#include <string>
#include <utility>

#include "common/clock.h"
#include "common/nats_thread.h"

// The bus thread's sending half: core messages, the outbox, and what is sent only once.

namespace lc {

void NatsThread::on(PublishCore& command) {
  if (live_ != nullptr) {
    // At most once: what fails here is lost, as it would be one hop later.
    natsConnection_Publish(live_->connection.get(), command.subject.c_str(), command.data.data(),
                           static_cast<int>(command.data.size()));
  }
  link_.core_messages.fetch_sub(1, std::memory_order_relaxed);
  link_.core_bytes.fetch_sub(command.data.size(), std::memory_order_relaxed);
}

void NatsThread::on(PublishAcked& command) {
  std::uint64_t id = command.id;
  outbox_.add(std::move(command));
  if (live_ != nullptr) {
    const PublishAcked* message = outbox_.next_due(id - 1, MonoTime{0});
    natsStatus status = send(*message);
    if (status == NATS_MAX_PAYLOAD) {
      reply_error(id, nats_error("publishing to '" + message->subject + "'", status));
      outbox_.resolve(id);
      return;
    }
    outbox_.sent(id, monotonic_now());  // also when it failed: the next connection starts over
  }
}

natsStatus NatsThread::send(const PublishAcked& message) {
  std::string inbox = live_->inbox + ".k.a" + std::to_string(message.id);
  natsMsg* raw = nullptr;
  natsStatus status = natsMsg_Create(&raw, message.subject.c_str(), inbox.c_str(),
                                     message.data.data(), static_cast<int>(message.data.size()));
  NatsMsgPtr owned(raw);
  if (status == NATS_OK && !message.msg_id.empty()) {
    status = natsMsgHeader_Set(raw, kMsgIdHeader, message.msg_id.c_str());
  }
  return status == NATS_OK ? natsConnection_PublishMsg(live_->connection.get(), raw) : status;
}

void NatsThread::send_due(MonoTime now) {
  std::uint64_t last = 0;
  while (const PublishAcked* message = outbox_.next_due(last, now)) {
    last = message->id;
    unheard_since_ = unheard_since_.value_or(now);
    natsStatus status = send(*message);
    if (status == NATS_MAX_PAYLOAD) {  // it was taken before any connection told the limit
      reply_error(last, nats_error("publishing to '" + message->subject + "'", status));
      outbox_.resolve(last);
      continue;
    }
    if (status != NATS_OK) {
      return;  // the connection is breaking; everything is sent again on the next one
    }
    outbox_.sent(last, now);
  }
}

void NatsThread::on(AckSeen& command) {
  // A refusal says nothing: who leads a stream without the others still knows what to refuse.
  if (command.by == AckSeen::By::stored) {
    unheard_since_.reset();
  } else if (command.by == AckSeen::By::nobody) {
    unheard_since_ = unheard_since_.value_or(monotonic_now());
  }
  if (command.resend) {
    outbox_.postpone(command.id, monotonic_now());
    return;
  }
  outbox_.resolve(command.id);
  requests_.erase(command.id);
}

void NatsThread::on(FlowReply& command) {
  if (live_ != nullptr && live_->number == command.connection) {
    natsConnection_Publish(live_->connection.get(), command.subject.c_str(), nullptr, 0);
  }
}

void NatsThread::on(PublishOnce& command) {
  if (live_ == nullptr) {
    reply_error(command.id, {ErrorCode::unavailable, "not connected to NATS"});
    return;
  }
  std::string inbox = live_->inbox + ".k.r" + std::to_string(command.id);
  natsMsg* raw = nullptr;
  natsStatus status = natsMsg_Create(&raw, command.subject.c_str(), inbox.c_str(),
                                     command.data.data(), static_cast<int>(command.data.size()));
  NatsMsgPtr message(raw);
  for (const MessageHeader& header : command.headers) {
    if (status == NATS_OK) {
      status = natsMsgHeader_Set(raw, header.name, header.value.c_str());
    }
  }
  if (status == NATS_OK) {
    status = natsConnection_PublishMsg(live_->connection.get(), raw);
  }
  if (status != NATS_OK) {
    reply_error(command.id, nats_error("writing '" + command.subject + "'", status));
    return;
  }
  requests_.emplace(command.id, monotonic_now() + millis(options_.request_timeout_ms));
}

void NatsThread::expire_requests(MonoTime now) {
  for (auto request = requests_.begin(); request != requests_.end();) {
    if (request->second > now) {
      ++request;
      continue;
    }
    unheard_since_ = unheard_since_.value_or(now);
    reply_error(request->first, {ErrorCode::unavailable,
                                 "no answer within " + std::to_string(options_.request_timeout_ms) +
                                     " ms; the write may have happened"});
    request = requests_.erase(request);
  }
}

}  // namespace lc
