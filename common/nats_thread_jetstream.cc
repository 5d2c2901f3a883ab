#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "common/clock.h"
#include "common/nats_thread.h"

// The bus thread's JetStream half: ordered consumers, streams, buckets. These calls block.

namespace lc {
namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
constexpr std::int64_t kNanosPerMilli = 1'000'000;
constexpr Micros kRetryMin = millis(20);
constexpr Micros kRetryMax = seconds(2);
constexpr int kHeartbeatsMissedMax = 3;

jsStorageType storage_of(StreamSpec::Storage storage) {
  return storage == StreamSpec::Storage::file ? js_FileStorage : js_MemoryStorage;
}

StreamInfo info_of(const jsStreamInfo& info) {
  return {.first_seq = {static_cast<std::int64_t>(info.State.FirstSeq)},
          .last_seq = {static_cast<std::int64_t>(info.State.LastSeq)},
          .messages = static_cast<std::int64_t>(info.State.Msgs),
          .replicas = static_cast<int>(info.Config->Replicas)};
}

bool is_deletion(natsMsg* entry) {
  std::string_view operation = header_of(entry, kKvOperationHeader);
  return operation == "DEL" || operation == "PURGE";
}

/// An existing stream must carry the subject; its limits are its owner's choice.
Status check_stream(const StreamSpec& spec, const jsStreamInfo& info) {
  std::string has;
  for (int i = 0; i < info.Config->SubjectsLen; ++i) {
    if (spec.subject == info.Config->Subjects[i]) {
      return {};
    }
    has += (has.empty() ? "" : ", ") + std::string(info.Config->Subjects[i]);
  }
  return fail(ErrorCode::conflict, "stream '" + spec.name + "' exists with the subjects [" + has +
                                       "], not '" + spec.subject +
                                       "': remove it or use another stream name");
}

}  // namespace

void NatsThread::on(Consume& command) {
  auto consumer = std::make_shared<NatsConsumer>();
  consumer->index = command.index;
  consumer->stream = std::move(command.stream);
  consumer->subject = std::move(command.subject);
  consumer->ids = command.ids;
  consumer->last_pushed = std::max<std::int64_t>(command.start, 1) - 1;
  consumers_.emplace(command.index, std::move(consumer));
  check_consumers(monotonic_now());
}

void NatsThread::on(StopConsumer& command) {
  auto consumer = consumers_.find(command.index);
  break_off(*consumer->second, monotonic_now());
  consumers_.erase(consumer);
}

void NatsThread::on(ConsumerBroken& command) {
  auto found = consumers_.find(command.index);
  if (found == consumers_.end()) {
    return;  // stopped meanwhile
  }
  NatsConsumer& consumer = *found->second;
  if (consumer.live && consumer.generation.load() == command.generation) {
    break_off(consumer, monotonic_now());
  }
}

/// Stops the present generation; the next one starts after a pause that grows while nothing comes.
void NatsThread::break_off(NatsConsumer& consumer, MonoTime now) {
  consumer.generation.fetch_add(1);
  consumer.live = false;
  if (consumer.subscription != nullptr) {
    natsSubscription_Unsubscribe(consumer.subscription);  // the server drops its consumer
    consumer.subscription = nullptr;
  }
  bool progressed = consumer.last_pushed.load() > consumer.started_after;
  consumer.backoff =
      progressed ? kRetryMin : std::clamp(Micros{consumer.backoff.us * 2}, kRetryMin, kRetryMax);
  consumer.retry_at = now + consumer.backoff;
  next_tick_ = std::min(next_tick_, consumer.retry_at);
}

void NatsThread::check_consumers(MonoTime now) {
  for (auto& [index, shared] : consumers_) {
    if (live_ == nullptr) {
      return;
    }
    NatsConsumer& consumer = *shared;
    Micros silence{now.us - consumer.last_heard_us.load()};
    if (consumer.live && silence > Micros{kConsumerHeartbeat.us * kHeartbeatsMissedMax}) {
      break_off(consumer, now);
    }
    if (!consumer.live && now >= consumer.retry_at && !start_consumer(shared)) {
      break_off(consumer, monotonic_now());
    }
  }
}

Status NatsThread::start_consumer(const std::shared_ptr<NatsConsumer>& shared) {
  NatsConsumer& consumer = *shared;
  std::uint64_t generation = consumer.generation.fetch_add(1) + 1;
  std::string inbox =
      live_->inbox + ".c" + std::to_string(consumer.index) + "." + std::to_string(generation);
  LC_TRY(auto subscription,
         deliver_consumer(link_, live_->number, live_->connection.get(), inbox, shared));
  ++deliveries_open_;
  consumer.subscription = subscription.get();
  live_->subscriptions.push_back(std::move(subscription));

  jsConsumerConfig config;
  jsConsumerConfig_Init(&config);
  config.DeliverSubject = inbox.c_str();
  config.DeliverPolicy = js_DeliverByStartSequence;
  consumer.started_after = consumer.last_pushed.load();
  config.OptStartSeq = static_cast<std::uint64_t>(consumer.started_after + 1);
  config.AckPolicy = js_AckNone;
  config.MaxDeliver = 1;
  config.ReplayPolicy = js_ReplayInstant;
  config.FilterSubject = consumer.subject.empty() ? nullptr : consumer.subject.c_str();
  config.FlowControl = true;
  config.Heartbeat = kConsumerHeartbeat.us * 1'000;
  config.MemoryStorage = true;
  config.Replicas = 1;
  jsConsumerInfo* info = nullptr;
  jsErrCode js_code{};
  natsStatus status = js_AddConsumer(&info, live_->jetstream.get(), consumer.stream.c_str(),
                                     &config, nullptr, &js_code);
  JsConsumerInfoPtr owned(info);
  if (status != NATS_OK) {
    return std::unexpected(nats_error("reading stream '" + consumer.stream + "'", status, js_code));
  }
  consumer.live = true;
  consumer.last_heard_us = monotonic_now().us;
  return {};
}

void NatsThread::on(EnsureStream& command) {
  const StreamSpec& spec = command.spec;
  if (live_ == nullptr) {
    reply_error(command.id, {ErrorCode::unavailable, "not connected to NATS"});
    return;
  }
  jsCtx* jetstream = live_->jetstream.get();
  jsStreamInfo* info = nullptr;
  jsErrCode js_code{};
  natsStatus status = js_GetStreamInfo(&info, jetstream, spec.name.c_str(), nullptr, &js_code);
  JsStreamInfoPtr owned(info);
  bool created = false;
  if (status == NATS_NOT_FOUND) {
    std::array<const char*, 1> subjects{spec.subject.c_str()};
    jsStreamConfig config;
    jsStreamConfig_Init(&config);
    config.Name = spec.name.c_str();
    config.Subjects = subjects.data();
    config.SubjectsLen = 1;
    config.MaxAge = spec.max_age_s * kNanosPerSecond;
    config.MaxBytes = spec.max_bytes;
    config.MaxMsgSize = spec.max_msg_bytes > 0 ? static_cast<std::int32_t>(spec.max_msg_bytes) : -1;
    config.Duplicates = spec.duplicate_window_s * kNanosPerSecond;
    config.Discard = spec.full == StreamSpec::Full::refuse_new ? js_DiscardNew : js_DiscardOld;
    config.Storage = storage_of(spec.storage);
    config.Replicas = spec.replicas;
    status = js_AddStream(&info, jetstream, &config, nullptr, &js_code);
    owned.reset(info);
    created = true;
  }
  if (status != NATS_OK) {
    reply_error(command.id, nats_error("stream '" + spec.name + "'", status, js_code));
    return;
  }
  Reply answer{.id = command.id, .stream = info_of(*owned), .created = created};
  answer.status = created ? Status{} : check_stream(spec, *owned);
  reply(std::move(answer));
}

void NatsThread::on(ReadStreamInfo& command) {
  if (live_ == nullptr) {
    reply_error(command.id, {ErrorCode::unavailable, "not connected to NATS"});
    return;
  }
  jsStreamInfo* info = nullptr;
  jsErrCode js_code{};
  natsStatus status =
      js_GetStreamInfo(&info, live_->jetstream.get(), command.stream.c_str(), nullptr, &js_code);
  JsStreamInfoPtr owned(info);
  if (status != NATS_OK) {
    reply_error(command.id, nats_error("stream '" + command.stream + "'", status, js_code));
    return;
  }
  reply({.id = command.id, .stream = info_of(*info)});
}

void NatsThread::on(GetMessage& command) {
  const bool by_subject = !command.subject.empty();
  const std::string what =
      "reading message " +
      (by_subject ? "'" + command.subject + "'" : std::to_string(command.seq)) + " of stream '" +
      command.stream + "'";
  if (live_ == nullptr) {
    reply_error(command.id, {ErrorCode::unavailable, "not connected to NATS"});
    return;
  }
  if (!by_subject && command.seq < 1) {
    reply_error(command.id, {ErrorCode::not_found, what + ": sequences begin at 1"});
    return;
  }
  jsCtx* jetstream = live_->jetstream.get();
  natsMsg* raw = nullptr;
  jsErrCode js_code{};
  natsStatus status = by_subject
                          ? js_GetLastMsg(&raw, jetstream, command.stream.c_str(),
                                          command.subject.c_str(), nullptr, &js_code)
                          : js_GetMsg(&raw, jetstream, command.stream.c_str(),
                                      static_cast<std::uint64_t>(command.seq), nullptr, &js_code);
  NatsMsgPtr message(raw);
  if (status != NATS_OK) {
    reply_error(command.id, nats_error(what, status, js_code));
    return;
  }
  Reply answer{.id = command.id};
  answer.message = {
      .seq = {static_cast<std::int64_t>(natsMsg_GetSequence(raw))},
      .data = {natsMsg_GetData(raw), static_cast<std::size_t>(natsMsg_GetDataLength(raw))},
      .msg_id = std::string(header_of(raw, kMsgIdHeader))};
  reply(std::move(answer));
}

void NatsThread::on(EnsureBucket& command) {
  const BucketSpec& spec = command.spec;
  auto exists = bucket(spec.name);
  bool created = false;
  if (!exists && exists.error().code == ErrorCode::not_found) {
    // Bind first, create only then: in nats.c 3.4.1 creating an existing bucket changes it.
    kvConfig config;
    kvConfig_Init(&config);
    config.Bucket = spec.name.c_str();
    config.History = static_cast<std::uint8_t>(std::clamp<std::int64_t>(spec.history, 1, 64));
    config.StorageType = storage_of(spec.storage);
    config.TTL = spec.ttl_ms * kNanosPerMilli;
    config.Replicas = spec.replicas;
    kvStore* store = nullptr;
    natsStatus status = js_CreateKeyValue(&store, live_->jetstream.get(), &config);
    if (status != NATS_OK) {
      reply_error(command.id, nats_error("creating bucket '" + spec.name + "'", status));
      return;
    }
    live_->buckets[spec.name].reset(store);
    created = true;
  } else if (!exists) {
    reply_error(command.id, std::move(exists).error());
    return;
  }
  reply({.id = command.id, .created = created});
}

Result<kvStore*> NatsThread::bucket(const std::string& name) {
  if (live_ == nullptr) {
    return fail(ErrorCode::unavailable, "not connected to NATS");
  }
  if (auto known = live_->buckets.find(name); known != live_->buckets.end()) {
    return known->second.get();
  }
  kvStore* store = nullptr;
  natsStatus status = js_KeyValue(&store, live_->jetstream.get(), name.c_str());
  if (status != NATS_OK) {
    return std::unexpected(nats_error("bucket '" + name + "'", status));
  }
  return live_->buckets.emplace(name, store).first->second.get();
}

// Not kvStore_Get, which may ask a replica: what it says can be older than what was acknowledged.
void NatsThread::on(KvGet& command) {
  const std::string what = "reading key '" + command.key + "' of '" + command.bucket + "'";
  if (live_ == nullptr) {
    reply_error(command.id, {ErrorCode::unavailable, "not connected to NATS"});
    return;
  }
  natsMsg* raw = nullptr;
  jsErrCode js_code{};
  natsStatus status =
      js_GetLastMsg(&raw, live_->jetstream.get(), ("KV_" + command.bucket).c_str(),
                    ("$KV." + command.bucket + "." + command.key).c_str(), nullptr, &js_code);
  NatsMsgPtr entry(raw);
  if (status != NATS_OK) {
    reply_error(command.id, nats_error(what, status, js_code));
    return;
  }
  if (is_deletion(raw)) {
    reply_error(command.id, {ErrorCode::not_found, what + ": it was deleted"});
    return;
  }
  Reply answer{.id = command.id};
  answer.entry.revision = natsMsg_GetSequence(raw);
  answer.entry.value.assign(natsMsg_GetData(raw),
                            static_cast<std::size_t>(natsMsg_GetDataLength(raw)));
  reply(std::move(answer));
}

namespace {

/// Writes the key if its last revision is `revision`, 0 being that it has none.
Result<std::uint64_t> write_key(kvStore* store, const KvCreate& what, std::uint64_t revision) {
  std::uint64_t written = 0;
  natsStatus status = kvStore_Update(&written, store, what.key.c_str(), what.value.data(),
                                     static_cast<int>(what.value.size()), revision);
  if (status != NATS_OK) {
    return std::unexpected(
        nats_error("creating key '" + what.key + "' of '" + what.bucket + "'", status));
  }
  return written;
}

/// Not kvStore_Create: in nats.c 3.4.1 it forgets why it was refused when the key expires
/// meanwhile.
Result<std::uint64_t> create_key(jsCtx* jetstream, kvStore* store, const KvCreate& what) {
  auto written = write_key(store, what, 0);
  if (written || written.error().code != ErrorCode::conflict) {
    return written;
  }
  natsMsg* raw = nullptr;
  natsStatus status =
      js_GetLastMsg(&raw, jetstream, ("KV_" + what.bucket).c_str(),
                    ("$KV." + what.bucket + "." + what.key).c_str(), nullptr, nullptr);
  NatsMsgPtr last(raw);
  if (status == NATS_NOT_FOUND) {
    return write_key(store, what, 0);  // it has expired since
  }
  if (status != NATS_OK) {
    return written;
  }
  return is_deletion(raw) ? write_key(store, what, natsMsg_GetSequence(raw)) : written;
}

}  // namespace

void NatsThread::on(KvCreate& command) {
  auto store = bucket(command.bucket);
  if (!store) {
    reply_error(command.id, std::move(store).error());
    return;
  }
  auto revision = create_key(live_->jetstream.get(), *store, command);
  if (!revision) {
    reply_error(command.id, std::move(revision).error());
    return;
  }
  Reply answer{.id = command.id};
  answer.entry.revision = *revision;
  reply(std::move(answer));
}

}  // namespace lc
