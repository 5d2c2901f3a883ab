#include "common/nats_bus.h"

#include <algorithm>
#include <string>
#include <utility>

#include "common/check.h"
#include "common/clock.h"
#include "common/nats_loop.h"

namespace lc {

Result<std::unique_ptr<NatsBus>> NatsBus::create(uv_loop_t* loop, NatsBusOptions options) {
  LC_TRY(auto side, Loop::create(loop, std::move(options)));
  return std::unique_ptr<NatsBus>(new NatsBus(std::move(side)));
}

NatsBus::NatsBus(std::unique_ptr<Loop> side) : side_(std::move(side)) {}

NatsBus::~NatsBus() = default;

Status NatsBus::publish(std::string subject, std::string data) {
  if (side_->closing || side_->link.connection.load(std::memory_order_relaxed) == 0) {
    return fail(ErrorCode::unavailable, "not connected to NATS");
  }
  LC_TRY_STATUS(side_->check_size(subject, data.size()));
  BusLink& link = side_->link;
  if (link.core_messages.load(std::memory_order_relaxed) >= side_->options.outbox_messages_max ||
      link.core_bytes.load(std::memory_order_relaxed) + data.size() >
          side_->options.outbox_bytes_max) {
    return side_->refuse_full("the queue of core messages");
  }
  link.core_messages.fetch_add(1, std::memory_order_relaxed);
  link.core_bytes.fetch_add(data.size(), std::memory_order_relaxed);
  ++side_->published;
  side_->push(PublishCore{.subject = std::move(subject), .data = std::move(data)});
  return {};
}

Status NatsBus::publish_acked(std::string subject, std::string data, std::string msg_id,
                              OnResult<PublishAck> on_ack) {
  if (side_->closing) {
    return fail(ErrorCode::unavailable, "the bus is closing");
  }
  // The header counts too: `NATS/1.0\r\nNats-Msg-Id: <id>\r\n\r\n`.
  constexpr std::size_t kHeaderBytes = 28;
  LC_TRY_STATUS(side_->check_size(subject, data.size() + msg_id.size() + kHeaderBytes));
  if (side_->open_acks.size() >= side_->options.outbox_messages_max ||
      side_->open_ack_bytes + data.size() > side_->options.outbox_bytes_max) {
    return side_->refuse_full("the outbox");
  }
  std::uint64_t id = ++side_->last_id;
  side_->open_acks.emplace(id, Loop::OpenAck{.on_ack = std::move(on_ack), .bytes = data.size()});
  side_->open_ack_bytes += data.size();
  ++side_->published;
  side_->push(PublishAcked{.id = id,
                           .subject = std::move(subject),
                           .data = std::move(data),
                           .msg_id = std::move(msg_id)});
  return {};
}

Status NatsBus::subscribe(std::string subject, OnMessage on_message) {
  if (side_->closing) {
    return fail(ErrorCode::unavailable, "the bus is closing");
  }
  auto index = static_cast<std::uint32_t>(side_->subscriptions.size());
  side_->subscriptions.push_back(std::move(on_message));
  side_->push(Subscribe{.index = index, .subject = std::move(subject)});
  return {};
}

Status NatsBus::consume(std::string stream, std::string subject, StreamSeq start,
                        OnMessage on_message) {
  if (side_->closing) {
    return fail(ErrorCode::unavailable, "the bus is closing");
  }
  auto index = static_cast<std::uint32_t>(side_->consumers.size());
  Loop::Consumer& consumer = side_->consumers.emplace_back();
  consumer.stream = stream;
  consumer.on_message = std::move(on_message);
  consumer.last_given = std::max<std::int64_t>(start.value, 1) - 1;
  side_->push(Consume{.index = index,
                      .stream = std::move(stream),
                      .subject = std::move(subject),
                      .start = start.value});
  return {};
}

void NatsBus::pause_consumer(std::string stream) {
  for (Loop::Consumer& consumer : side_->consumers) {
    consumer.paused = consumer.paused || consumer.stream == stream;
  }
}

void NatsBus::resume_consumer(std::string stream) {
  for (std::size_t i = 0; i < side_->consumers.size(); ++i) {
    Loop::Consumer& consumer = side_->consumers[i];
    if (consumer.stream == stream && consumer.paused) {
      consumer.paused = false;
      side_->link.arrivals->wake();  // what was held is given out in a turn of its own
    }
  }
}

void NatsBus::ensure_stream(StreamSpec spec, OnResult<StreamInfo> on_result) {
  std::uint64_t id = side_->expect([on_result = std::move(on_result)](Reply reply) {
    on_result(reply.status ? Result<StreamInfo>(reply.stream)
                           : std::unexpected(std::move(reply.status).error()));
  });
  side_->push(EnsureStream{.id = id, .spec = std::move(spec)});
}

void NatsBus::ensure_bucket(BucketSpec spec, OnResult<bool> on_result) {
  std::uint64_t id = side_->expect([on_result = std::move(on_result)](Reply reply) {
    on_result(reply.status ? Result<bool>(reply.created)
                           : std::unexpected(std::move(reply.status).error()));
  });
  side_->push(EnsureBucket{.id = id, .spec = std::move(spec)});
}

void NatsBus::kv_get(std::string bucket, std::string key, OnResult<KvEntry> on_result) {
  std::uint64_t id = side_->expect([on_result = std::move(on_result)](Reply reply) {
    on_result(reply.status ? Result<KvEntry>(std::move(reply.entry))
                           : std::unexpected(std::move(reply.status).error()));
  });
  side_->push(KvGet{.id = id, .bucket = std::move(bucket), .key = std::move(key)});
}

namespace {

auto revision_to(OnResult<std::uint64_t> on_result) {
  return [on_result = std::move(on_result)](Reply reply) {
    on_result(reply.status ? Result<std::uint64_t>(reply.entry.revision)
                           : std::unexpected(std::move(reply.status).error()));
  };
}

bool is_token(std::string_view text, std::string_view punctuation) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [punctuation](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           punctuation.find(c) != std::string_view::npos;
  });
}

/// A key becomes part of a subject: nothing that is one may come from outside.
Status check_key(const std::string& bucket, const std::string& key) {
  bool dots = key.starts_with('.') || key.ends_with('.') || key.find("..") != std::string::npos;
  if (is_token(bucket, "-_") && is_token(key, "-_/=.") && !dots) {
    return {};
  }
  return fail(ErrorCode::invalid_input,
              "key '" + key + "' of bucket '" + bucket +
                  "': a bucket has letters, digits, '-' and '_'; a key also '/', '=' and single "
                  "dots inside");
}

}  // namespace

void NatsBus::kv_create(std::string bucket, std::string key, std::string value,
                        OnResult<std::uint64_t> on_result) {
  std::uint64_t id = side_->expect(revision_to(std::move(on_result)));
  side_->push(KvCreate{
      .id = id, .bucket = std::move(bucket), .key = std::move(key), .value = std::move(value)});
}

void NatsBus::kv_put(std::string bucket, std::string key, std::string value,
                     OnResult<std::uint64_t> on_result) {
  write(std::move(bucket), std::move(key), std::move(value), 0, std::move(on_result));
}

void NatsBus::kv_update(std::string bucket, std::string key, std::string value,
                        std::uint64_t revision, OnResult<std::uint64_t> on_result) {
  LC_ASSERT(revision != 0);  // 0 means "does not exist": that is kv_create
  write(std::move(bucket), std::move(key), std::move(value), revision, std::move(on_result));
}

void NatsBus::write(std::string bucket, std::string key, std::string value, std::uint64_t revision,
                    OnResult<std::uint64_t> on_result) {
  constexpr std::size_t kHeaderBytes = 70;
  std::uint64_t id = side_->expect(revision_to(std::move(on_result)));
  Status checked = check_key(bucket, key);
  if (checked) {
    checked = side_->check_size(key, value.size() + kHeaderBytes);
  }
  if (!checked) {  // answered in a later turn, like every other answer
    Arrival refused;
    refused.what = Arrival::What::reply;
    refused.reply = std::make_unique<Reply>(Reply{.id = id, .status = std::move(checked)});
    side_->link.arrivals->push_always(refused, 0);
    return;
  }
  side_->push(KvWrite{.id = id,
                      .subject = "$KV." + bucket + "." + key,
                      .value = std::move(value),
                      .revision = revision});
}

void NatsBus::on_state(std::function<void(BusState)> on_change) {
  side_->on_state.push_back(std::move(on_change));
}

BusState NatsBus::state() const {
  return side_->state;
}

BusStats NatsBus::stats() const {
  const BusLink& link = side_->link;
  return {.published = side_->published,
          .received = link.received.load(std::memory_order_relaxed),
          .refused_full = side_->refused_full,
          .dropped_slow = link.dropped_slow.load(std::memory_order_relaxed),
          .reconnects = side_->connections > 0 ? side_->connections - 1 : 0};
}

const std::string& NatsBus::connect_error() const {
  return side_->connect_error;
}

std::int64_t NatsBus::max_payload() const {
  return side_->link.max_payload.load(std::memory_order_relaxed);
}

void NatsBus::close(std::int64_t patience_ms, std::function<void()> on_closed) {
  LC_ASSERT(!side_->closing);
  side_->closing = true;
  side_->on_closed = std::move(on_closed);
  side_->push(Close{.patience_ends = monotonic_now() + millis(patience_ms)});
  side_->flush();
}

}  // namespace lc
