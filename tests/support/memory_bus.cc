#include "tests/support/memory_bus.h"

#include <algorithm>
#include <utility>

#include "common/check.h"
#include "common/nats_wire.h"
#include "tests/support/memory_world.h"

namespace lc {

MemoryBus::MemoryBus(MemoryBusOptions options) : world_(std::make_unique<World>(options)) {}

MemoryBus::~MemoryBus() = default;

bool MemoryBus::pump() {
  return world_->pump();
}

void MemoryBus::pump_all() {
  constexpr int kPumpsMax = 1'000'000;
  int pumps = 0;
  while (pump()) {
    LC_ASSERT(++pumps < kPumpsMax);
  }
}

void MemoryBus::run_on(uv_loop_t* loop) {
  LC_ASSERT(world_->idle == nullptr);
  world_->idle.reset(new uv_idle_t);
  uv_idle_init(loop, world_->idle.get());
  world_->idle->data = world_.get();
  world_->wake();
}

void MemoryBus::set_faults(BusFaults faults) {
  world_->options.faults = faults;
}

void MemoryBus::disconnect() {
  if (world_->state != BusState::connected) {
    return;
  }
  auto under_way = std::exchange(world_->errands, {});
  world_->set_state(BusState::disconnected);
  world_->lose_errands(std::move(under_way));
  world_->lose_appends();
  world_->wake();
}

void MemoryBus::connect() {
  if (world_->state == BusState::disconnected) {
    world_->connecting = true;
    world_->wake();
  }
}

const std::vector<BusMessage>& MemoryBus::stream(const std::string& name) const {
  static const std::vector<BusMessage> none;
  auto found = world_->streams.find(name);
  return found == world_->streams.end() ? none : found->second.messages;
}

const std::vector<BusMessage>& MemoryBus::core_sent() const {
  return world_->core_sent;
}

namespace {

Status check_size(const std::string& subject, std::size_t bytes, std::int64_t limit) {
  if (static_cast<std::int64_t>(bytes) <= limit) {
    return {};
  }
  return fail(ErrorCode::invalid_input, "message of " + std::to_string(bytes) + " bytes for '" +
                                            subject + "' is over the server's max_payload of " +
                                            std::to_string(limit));
}

}  // namespace

Status MemoryBus::publish(std::string subject, std::string data) {
  if (world_->closing || world_->state != BusState::connected) {
    return fail(ErrorCode::unavailable, "not connected to NATS");
  }
  LC_TRY_STATUS(check_size(subject, data.size(), world_->options.max_payload));
  if (world_->draw(world_->options.faults.refuse_permille)) {
    ++world_->stats.refused_full;
    return fail(ErrorCode::overloaded, "the queue of core messages is full");
  }
  ++world_->stats.published;
  BusMessage message{.subject = std::move(subject), .data = std::move(data), .seq = {}};
  world_->core_sent.push_back(message);
  if (MemoryStream* stream = world_->stream_of(message.subject); stream != nullptr) {
    static_cast<void>(stream->store(message.subject, message.data, ""));
  }
  world_->deliver_core(message);
  world_->wake();
  return {};
}

Status MemoryBus::publish_acked(std::string subject, std::string data, std::string msg_id,
                                OnResult<PublishAck> on_ack) {
  if (world_->closing || world_->state == BusState::closed) {
    return fail(ErrorCode::unavailable, "the bus is closing");
  }
  LC_TRY_STATUS(check_size(subject, data.size(), world_->options.max_payload));
  if (world_->outbox.size() >= world_->options.outbox_messages_max ||
      world_->draw(world_->options.faults.refuse_permille)) {
    ++world_->stats.refused_full;
    return fail(ErrorCode::overloaded, "the outbox is full");
  }
  ++world_->stats.published;
  world_->outbox.emplace(++world_->last_id, World::Unacked{.subject = std::move(subject),
                                                           .data = std::move(data),
                                                           .msg_id = std::move(msg_id),
                                                           .on_ack = std::move(on_ack),
                                                           .expected = {}});
  world_->wake();
  return {};
}

void MemoryBus::append(std::string subject, std::string data, std::string msg_id,
                       StreamSeq expected_last, OnResult<PublishAck> on_result) {
  ExpectedLast expected{.seq = expected_last,
                        .msg_id = world_->append_before(subject, expected_last)};
  std::size_t bytes =
      data.size() + header_bytes(append_headers(expected_last, expected.msg_id, msg_id));
  Status admitted = check_size(subject, bytes, world_->options.max_payload);
  if (world_->state != BusState::connected) {
    admitted = fail(ErrorCode::unavailable, "not connected to NATS");
  } else if (admitted && (world_->outbox.size() >= world_->options.outbox_messages_max ||
                          world_->draw(world_->options.faults.refuse_permille))) {
    ++world_->stats.refused_full;
    admitted = fail(ErrorCode::overloaded, "the outbox is full");
  }
  world_->stats.published += admitted ? 1 : 0;
  world_->take_append({.subject = std::move(subject),
                       .data = std::move(data),
                       .msg_id = std::move(msg_id),
                       .on_ack = std::move(on_result),
                       .expected = std::move(expected)},
                      std::move(admitted));
}

Status MemoryBus::subscribe(std::string subject, OnMessage on_message) {
  world_->subscriptions.push_back(
      {.pattern = std::move(subject), .on_message = std::move(on_message)});
  return {};
}

Status MemoryBus::consume(std::string stream, std::string subject, StreamSeq start,
                          OnMessage on_message, MessageIds ids) {
  world_->consumers.push_back({.stream = std::move(stream),
                               .subject = std::move(subject),
                               .next = std::max<std::int64_t>(start.value, 1),
                               .ids = ids,
                               .on_message = std::move(on_message)});
  world_->wake();
  return {};
}

void MemoryBus::stop_consumer(std::string stream) {
  for (World::Consumer& consumer : world_->consumers) {
    consumer.stopped = consumer.stopped || consumer.stream == stream;
  }
}

void MemoryBus::pause_consumer(std::string stream) {
  for (World::Consumer& consumer : world_->consumers) {
    consumer.paused = consumer.paused || consumer.stream == stream;
  }
}

void MemoryBus::resume_consumer(std::string stream) {
  for (World::Consumer& consumer : world_->consumers) {
    consumer.paused = consumer.paused && consumer.stream != stream;
  }
  world_->wake();
}

void MemoryBus::ensure_stream(StreamSpec spec, OnResult<StreamInfo> on_result) {
  world_->answer<StreamInfo>(std::move(on_result), [&]() -> Result<StreamInfo> {
    MemoryStream& stream = world_->streams[spec.name];
    if (stream.spec.name.empty()) {
      stream.spec = spec;
    } else if (stream.spec.subject != spec.subject) {
      return fail(ErrorCode::conflict, "stream '" + spec.name + "' exists with the subjects [" +
                                           stream.spec.subject + "], not '" + spec.subject +
                                           "': remove it or use another stream name");
    }
    return stream.info();
  });
  world_->wake();
}

void MemoryBus::stream_info(std::string stream, OnResult<StreamInfo> on_result) {
  world_->answer<StreamInfo>(std::move(on_result), [&]() -> Result<StreamInfo> {
    auto found = world_->streams.find(stream);
    if (found == world_->streams.end()) {
      return fail(ErrorCode::not_found, "stream '" + stream + "': stream not found");
    }
    return found->second.info();
  });
}

void MemoryBus::get_message(std::string stream, StreamSeq seq, OnResult<StreamMessage> on_result) {
  world_->answer<StreamMessage>(std::move(on_result), [&] {
    return world_->last_message(stream, [seq](const BusMessage& one) { return one.seq == seq; });
  });
}

void MemoryBus::get_last_message(std::string stream, std::string subject,
                                 OnResult<StreamMessage> on_result) {
  world_->answer<StreamMessage>(std::move(on_result), [&] {
    return world_->last_message(
        stream, [&](const BusMessage& one) { return subject_matches(subject, one.subject); });
  });
}

void MemoryBus::ensure_bucket(BucketSpec spec, OnResult<bool> on_result) {
  world_->answer<bool>(std::move(on_result), [&]() -> Result<bool> {
    return world_->buckets.emplace(spec.name, MemoryBucket{.spec = spec}).second;
  });
}

void MemoryBus::kv_get(std::string bucket, std::string key, OnResult<KvEntry> on_result) {
  world_->answer<KvEntry>(std::move(on_result), [&]() -> Result<KvEntry> {
    auto found = world_->buckets.find(bucket);
    if (found != world_->buckets.end()) {
      auto entry = found->second.entries.find(key);
      if (entry != found->second.entries.end() && !entry->second.deleted) {
        return entry->second.entry;
      }
    }
    return fail(ErrorCode::not_found, "reading key '" + key + "' of '" + bucket + "': Not Found");
  });
}

namespace {

struct KvWrite {
  enum class Expect { anything, absent, revision };

  std::string bucket;
  std::string key;
  MemoryBucket::Entry entry;  // its revision is not set yet
  Expect expect = Expect::anything;
  std::uint64_t revision = 0;
};

Result<std::uint64_t> write(std::map<std::string, MemoryBucket>& buckets, KvWrite what) {
  auto found = buckets.find(what.bucket);
  if (found == buckets.end()) {
    // Creating looks for the bucket first; the others send, and nobody takes the message.
    return what.expect == KvWrite::Expect::absent
               ? fail(ErrorCode::not_found, "bucket '" + what.bucket + "': Not Found")
               : fail(ErrorCode::unavailable, "no stream takes this subject");
  }
  MemoryBucket& bucket = found->second;
  auto has = bucket.entries.find(what.key);
  bool known = has != bucket.entries.end();
  std::uint64_t revision = known ? has->second.entry.revision : 0;
  bool exists = known && !has->second.deleted;
  if ((what.expect == KvWrite::Expect::absent && exists) ||
      (what.expect == KvWrite::Expect::revision && revision != what.revision)) {
    return fail(ErrorCode::conflict,
                "wrong last sequence: " + std::to_string(revision) + " (10071)");
  }
  what.entry.entry.revision = ++bucket.last_revision;
  bucket.entries[what.key] = std::move(what.entry);
  return bucket.last_revision;
}

}  // namespace

void MemoryBus::kv_create(std::string bucket, std::string key, std::string value,
                          OnResult<std::uint64_t> on_result) {
  world_->answer<std::uint64_t>(std::move(on_result), [&] {
    return write(world_->buckets, {.bucket = bucket,
                                   .key = key,
                                   .entry = {.entry = {.value = value}},
                                   .expect = KvWrite::Expect::absent});
  });
}

void MemoryBus::kv_put(std::string bucket, std::string key, std::string value,
                       OnResult<std::uint64_t> on_result) {
  world_->answer<std::uint64_t>(std::move(on_result), [&] {
    return write(world_->buckets,
                 {.bucket = bucket, .key = key, .entry = {.entry = {.value = value}}});
  });
}

void MemoryBus::kv_update(std::string bucket, std::string key, std::string value,
                          std::uint64_t revision, OnResult<std::uint64_t> on_result) {
  world_->answer<std::uint64_t>(std::move(on_result), [&] {
    return write(world_->buckets, {.bucket = bucket,
                                   .key = key,
                                   .entry = {.entry = {.value = value}},
                                   .expect = KvWrite::Expect::revision,
                                   .revision = revision});
  });
}

void MemoryBus::kv_delete(std::string bucket, std::string key, std::uint64_t revision,
                          OnResult<std::uint64_t> on_result) {
  LC_ASSERT(revision != 0);
  world_->answer<std::uint64_t>(std::move(on_result), [&] {
    return write(world_->buckets, {.bucket = bucket,
                                   .key = key,
                                   .entry = {.entry = {}, .deleted = true},
                                   .expect = KvWrite::Expect::revision,
                                   .revision = revision});
  });
}

void MemoryBus::expire(const std::string& bucket, const std::string& key) {
  auto found = world_->buckets.find(bucket);
  LC_ASSERT(found != world_->buckets.end() && found->second.spec.ttl_ms > 0);
  LC_ASSERT(found->second.entries.erase(key) == 1);
}

void MemoryBus::on_state(std::function<void(BusState)> on_change) {
  world_->on_state.push_back(std::move(on_change));
}

BusState MemoryBus::state() const {
  return world_->state;
}

BusStats MemoryBus::stats() const {
  BusStats stats = world_->stats;
  stats.reconnects = world_->connections > 0 ? world_->connections - 1 : 0;
  return stats;
}

std::int64_t MemoryBus::max_payload() const {
  return world_->connections > 0 ? world_->options.max_payload : 0;
}

void MemoryBus::close(std::int64_t, std::function<void()> on_closed) {
  world_->closing = true;
  world_->connecting = false;
  world_->on_closed = std::move(on_closed);
  world_->wake();
}

}  // namespace lc
