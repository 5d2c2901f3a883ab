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
  LC_TRY_STATUS(side_->check_size(
      subject, data.size() + header_bytes({{.name = kMsgIdHeader, .value = msg_id}})));
  LC_TRY_STATUS(side_->check_outbox(data.size()));
  std::uint64_t id = side_->expect_ack({.on_ack = std::move(on_ack), .bytes = data.size()});
  ++side_->published;
  side_->push(PublishAcked{.id = id,
                           .subject = std::move(subject),
                           .data = std::move(data),
                           .msg_id = std::move(msg_id)});
  return {};
}

void NatsBus::append(std::string subject, std::string data, std::string msg_id,
                     StreamSeq expected_last, OnResult<PublishAck> on_result) {
  Loop::LastAppend& last = side_->last_appends[subject];
  bool follows = last.id != 0 && last.expected_last.value + 1 == expected_last.value;
  std::vector<MessageHeader> headers =
      append_headers(expected_last, follows ? std::move(last.msg_id) : std::string(), msg_id);
  Status admitted = side_->check_size(subject, data.size() + header_bytes(headers));
  if (admitted) {
    admitted = side_->check_outbox(data.size());
  }
  std::uint64_t id = side_->expect_ack(
      {.on_ack = std::move(on_result), .bytes = data.size(), .appended_to = subject});
  last = {.id = id, .expected_last = expected_last, .msg_id = std::move(msg_id)};
  if (!admitted) {
    side_->refuse(id, std::move(admitted).error());
    return;
  }
  ++side_->published;
  side_->push(PublishOnce{.id = id,
                          .subject = std::move(subject),
                          .data = std::move(data),
                          .headers = std::move(headers)});
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
                        OnMessage on_message, MessageIds ids) {
  if (side_->closing) {
    return fail(ErrorCode::unavailable, "the bus is closing");
  }
  std::uint32_t index = ++side_->last_consumer;
  Loop::Consumer& consumer = side_->consumers[index];
  consumer.stream = stream;
  consumer.on_message = std::move(on_message);
  consumer.last_given = std::max<std::int64_t>(start.value, 1) - 1;
  side_->push(Consume{.index = index,
                      .stream = std::move(stream),
                      .subject = std::move(subject),
                      .start = start.value,
                      .ids = ids});
  return {};
}

void NatsBus::stop_consumer(std::string stream) {
  for (auto& [index, consumer] : side_->consumers) {
    if (consumer.stream == stream && !consumer.stopped) {
      consumer.stopped = true;
      consumer.held.clear();
      side_->push(StopConsumer{.index = index});
    }
  }
  if (!side_->giving) {  // else one of them may be running just now
    side_->forget_stopped();
  }
}

void NatsBus::pause_consumer(std::string stream) {
  for (auto& [index, consumer] : side_->consumers) {
    consumer.paused = consumer.paused || consumer.stream == stream;
  }
}

void NatsBus::resume_consumer(std::string stream) {
  for (auto& [index, consumer] : side_->consumers) {
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

void NatsBus::stream_info(std::string stream, OnResult<StreamInfo> on_result) {
  std::uint64_t id = side_->expect([on_result = std::move(on_result)](Reply reply) {
    on_result(reply.status ? Result<StreamInfo>(reply.stream)
                           : std::unexpected(std::move(reply.status).error()));
  });
  side_->push(ReadStreamInfo{.id = id, .stream = std::move(stream)});
}

namespace {

auto message_to(OnResult<StreamMessage> on_result) {
  return [on_result = std::move(on_result)](Reply reply) {
    on_result(reply.status ? Result<StreamMessage>(std::move(reply.message))
                           : std::unexpected(std::move(reply.status).error()));
  };
}

}  // namespace

void NatsBus::get_message(std::string stream, StreamSeq seq, OnResult<StreamMessage> on_result) {
  std::uint64_t id = side_->expect(message_to(std::move(on_result)));
  side_->push(GetMessage{.id = id, .stream = std::move(stream), .seq = seq.value, .subject = {}});
}

void NatsBus::get_last_message(std::string stream, std::string subject,
                               OnResult<StreamMessage> on_result) {
  std::uint64_t id = side_->expect(message_to(std::move(on_result)));
  side_->push(GetMessage{.id = id, .stream = std::move(stream), .subject = std::move(subject)});
}

void NatsBus::ensure_bucket(BucketSpec spec, OnResult<bool> on_result) {
  std::uint64_t id = side_->expect([on_result = std::move(on_result)](Reply reply) {
    on_result(reply.status ? Result<bool>(reply.created)
                           : std::unexpected(std::move(reply.status).error()));
  });
  side_->push(EnsureBucket{.id = id, .spec = std::move(spec)});
}

namespace {

auto revision_to(OnResult<std::uint64_t> on_result) {
  return [on_result = std::move(on_result)](Reply reply) {
    on_result(reply.status ? Result<std::uint64_t>(reply.entry.revision)
                           : std::unexpected(std::move(reply.status).error()));
  };
}

MessageHeader expected_revision(std::uint64_t revision) {
  return {.name = "Nats-Expected-Last-Subject-Sequence", .value = std::to_string(revision)};
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

void NatsBus::kv_get(std::string bucket, std::string key, OnResult<KvEntry> on_result) {
  std::uint64_t id = side_->expect([on_result = std::move(on_result)](Reply reply) {
    on_result(reply.status ? Result<KvEntry>(std::move(reply.entry))
                           : std::unexpected(std::move(reply.status).error()));
  });
  if (Status checked = check_key(bucket, key); !checked) {
    side_->refuse(id, std::move(checked).error());
    return;
  }
  side_->push(KvGet{.id = id, .bucket = std::move(bucket), .key = std::move(key)});
}

void NatsBus::kv_create(std::string bucket, std::string key, std::string value,
                        OnResult<std::uint64_t> on_result) {
  std::uint64_t id = side_->expect(revision_to(std::move(on_result)));
  side_->push(KvCreate{
      .id = id, .bucket = std::move(bucket), .key = std::move(key), .value = std::move(value)});
}

void NatsBus::kv_put(std::string bucket, std::string key, std::string value,
                     OnResult<std::uint64_t> on_result) {
  write(bucket, key, std::move(value), {}, std::move(on_result));
}

void NatsBus::kv_update(std::string bucket, std::string key, std::string value,
                        std::uint64_t revision, OnResult<std::uint64_t> on_result) {
  LC_ASSERT(revision != 0);  // 0 means "does not exist": that is kv_create
  write(bucket, key, std::move(value), {expected_revision(revision)}, std::move(on_result));
}

void NatsBus::kv_delete(std::string bucket, std::string key, std::uint64_t revision,
                        OnResult<std::uint64_t> on_result) {
  LC_ASSERT(revision != 0);  // there would be nothing to delete
  write(bucket, key, "",
        {expected_revision(revision), {.name = kKvOperationHeader, .value = "DEL"}},
        std::move(on_result));
}

void NatsBus::write(const std::string& bucket, const std::string& key, std::string value,
                    std::vector<MessageHeader> headers, OnResult<std::uint64_t> on_result) {
  std::uint64_t id = side_->expect(revision_to(std::move(on_result)));
  Status checked = check_key(bucket, key);
  if (checked) {
    checked = side_->check_size(key, value.size() + header_bytes(headers));
  }
  if (!checked) {
    side_->refuse(id, std::move(checked).error());
    return;
  }
  side_->push(PublishOnce{.id = id,
                          .subject = "$KV." + bucket + "." + key,
                          .data = std::move(value),
                          .headers = std::move(headers)});
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
