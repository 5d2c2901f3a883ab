#include "common/nats_delivery.h"

#include <array>
#include <charconv>
#include <memory>
#include <utility>

#include "common/clock.h"
#include "common/json.h"

namespace lc {
namespace {

/// What a callback of nats.c needs; ends with the subscription's completion callback.
struct Delivery {
  BusLink* link = nullptr;
  std::uint32_t index = 0;
  std::uint64_t connection = 0;
  std::shared_ptr<NatsConsumer> consumer = nullptr;
  std::uint64_t generation = 0;
  std::int64_t consumer_seq = 0;
  bool broken = false;
};

std::string_view data_of(natsMsg* message) {
  return {natsMsg_GetData(message), static_cast<std::size_t>(natsMsg_GetDataLength(message))};
}

std::int64_t to_number(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

void on_ended(void* closure) noexcept {
  std::unique_ptr<Delivery> delivery(static_cast<Delivery*>(closure));
  BusCommand ended = DeliveryEnded{};
  delivery->link->commands.push_always(ended);
}

Result<NatsSubscriptionPtr> start(natsConnection* connection, const std::string& subject,
                                  natsMsgHandler handler, Delivery what) {
  BusLink& link = *what.link;
  auto delivery = std::make_unique<Delivery>(std::move(what));
  natsSubscription* raw = nullptr;
  natsStatus status =
      natsConnection_Subscribe(&raw, connection, subject.c_str(), handler, delivery.get());
  if (status != NATS_OK) {
    return std::unexpected(nats_error("subscribing to '" + subject + "'", status));
  }
  NatsSubscriptionPtr subscription(raw);
  // From here on nats.c runs on_ended, which frees the delivery, after the last message.
  status = natsSubscription_SetOnCompleteCB(raw, on_ended, delivery.get());
  if (status != NATS_OK) {  // the connection has closed already; a callback may be under way
    link.orphans.emplace_back(std::move(delivery));
    return std::unexpected(nats_error("subscribing to '" + subject + "'", status));
  }
  delivery.release();
  return subscription;
}

void on_core(natsConnection*, natsSubscription*, natsMsg* raw, void* closure) noexcept {
  NatsMsgPtr message(raw);
  auto* delivery = static_cast<Delivery*>(closure);
  Arrival arrival;
  arrival.what = Arrival::What::core;
  arrival.index = delivery->index;
  arrival.subject = natsMsg_GetSubject(raw);
  arrival.data = data_of(raw);
  delivery->link->received.fetch_add(1, std::memory_order_relaxed);
  if (!delivery->link->arrivals->push(arrival, arrival.data.size())) {
    delivery->link->dropped_slow.fetch_add(1, std::memory_order_relaxed);
  }
}

void on_ack(natsConnection*, natsSubscription*, natsMsg* raw, void* closure) noexcept {
  NatsMsgPtr message(raw);
  auto* delivery = static_cast<Delivery*>(closure);
  std::string_view token = natsMsg_GetSubject(raw);
  token.remove_prefix(token.rfind('.') + 1);
  if (token.size() < 2) {
    return;
  }
  bool outbox = token[0] == 'a';
  auto id = static_cast<std::uint64_t>(to_number(token.substr(1)));
  ParsedAck parsed = natsMsg_IsNoResponders(raw)
                         ? ParsedAck{.status = fail(ErrorCode::unavailable,
                                                    "no stream takes this subject, or JetStream "
                                                    "is not ready"),
                                     .ack = {},
                                     .again = true}
                         : parse_publish_ack(data_of(raw));
  if (outbox && parsed.again) {
    BusCommand again = AckSeen{.id = id, .resend = true, .by = AckSeen::By::nobody};
    delivery->link->commands.push_always(again);
    return;
  }
  const AckSeen::By by = parsed.again    ? AckSeen::By::nobody
                         : parsed.status ? AckSeen::By::stored
                                         : AckSeen::By::refused;
  delivery->link->commands.push_quietly(AckSeen{.id = id, .by = by});
  Arrival arrival;
  arrival.what = Arrival::What::reply;
  arrival.reply = std::make_unique<Reply>(
      Reply{.id = id, .status = std::move(parsed.status), .ack = parsed.ack});
  arrival.reply->entry.revision = static_cast<std::uint64_t>(parsed.ack.seq.value);
  delivery->link->arrivals->push_always(arrival, 0);
}

void break_consumer(Delivery& delivery) {
  delivery.broken = true;
  BusCommand broken =
      ConsumerBroken{.index = delivery.consumer->index, .generation = delivery.generation};
  delivery.link->commands.push_always(broken);
}

void ask_flow(Delivery& delivery, std::string_view reply) {
  Arrival arrival;
  arrival.what = Arrival::What::flow_request;
  arrival.index = delivery.consumer->index;
  arrival.connection = delivery.connection;
  arrival.subject = reply;
  delivery.link->arrivals->push_always(arrival, 0);
}

/// Heartbeats and flow control: messages without data, with a status header.
void on_consumer_status(Delivery& delivery, natsMsg* message) {
  std::string_view status = header_of(message, "Status");
  if (status != "100") {  // 409: the server has deleted the consumer
    break_consumer(delivery);
    return;
  }
  if (const char* reply = natsMsg_GetReply(message); reply != nullptr && *reply != '\0') {
    ask_flow(delivery, reply);
    return;
  }
  if (std::string_view stalled = header_of(message, "Nats-Consumer-Stalled"); !stalled.empty()) {
    ask_flow(delivery, stalled);
  }
  std::string_view last = header_of(message, "Nats-Last-Consumer");
  if (!last.empty() && to_number(last) != delivery.consumer_seq) {
    break_consumer(delivery);  // what it counts as sent has not arrived
  }
}

void on_streamed(natsConnection*, natsSubscription*, natsMsg* raw, void* closure) noexcept {
  NatsMsgPtr message(raw);
  auto& delivery = *static_cast<Delivery*>(closure);
  NatsConsumer& consumer = *delivery.consumer;
  if (delivery.broken || consumer.generation.load() != delivery.generation) {
    return;
  }
  consumer.last_heard_us.store(monotonic_now().us, std::memory_order_relaxed);
  const char* reply = natsMsg_GetReply(raw);
  const auto place = parse_ack_subject(reply != nullptr ? reply : "");
  if (!place) {
    on_consumer_status(delivery, raw);
    return;
  }
  if (place->consumer_seq != delivery.consumer_seq + 1) {
    break_consumer(delivery);
    return;
  }
  delivery.consumer_seq = place->consumer_seq;
  if (place->stream_seq <= consumer.last_pushed.load(std::memory_order_relaxed)) {
    return;
  }
  Arrival arrival;
  arrival.what = Arrival::What::streamed;
  arrival.index = consumer.index;
  arrival.seq = place->stream_seq;
  arrival.stored = place->stored;
  arrival.subject = natsMsg_GetSubject(raw);
  arrival.data = data_of(raw);
  if (consumer.ids == MessageIds::read) {
    arrival.msg_id = header_of(raw, kMsgIdHeader);
  }
  if (!delivery.link->arrivals->push(arrival, arrival.data.size())) {
    break_consumer(delivery);  // full: nothing more of this generation; read again from here later
    return;
  }
  consumer.last_pushed.store(place->stream_seq, std::memory_order_relaxed);
  delivery.link->received.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

Result<NatsSubscriptionPtr> deliver_core(BusLink& link, natsConnection* connection,
                                         const std::string& subject, std::uint32_t index) {
  return start(connection, subject, on_core, {.link = &link, .index = index});
}

Result<NatsSubscriptionPtr> deliver_acks(BusLink& link, natsConnection* connection,
                                         const std::string& inbox) {
  return start(connection, inbox + ".*", on_ack, {.link = &link});
}

Result<NatsSubscriptionPtr> deliver_consumer(BusLink& link, std::uint64_t connection_number,
                                             natsConnection* connection, const std::string& inbox,
                                             std::shared_ptr<NatsConsumer> consumer) {
  std::uint64_t generation = consumer->generation.load();
  auto started = start(connection, inbox, on_streamed,
                       {.link = &link,
                        .connection = connection_number,
                        .consumer = std::move(consumer),
                        .generation = generation});
  if (started) {
    // Flow control bounds what is under way; a limit here would only make holes.
    natsSubscription_SetPendingLimits(started->get(), -1, -1);
  }
  return started;
}

std::string_view header_of(natsMsg* message, const char* name) {
  const char* value = nullptr;
  bool found = natsMsgHeader_Get(message, name, &value) == NATS_OK && value != nullptr;
  return found ? value : "";
}

std::optional<AckPlace> parse_ack_subject(std::string_view reply) {
  // $JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>, or with
  // <domain>.<account> before the stream and perhaps a token at the end.
  if (!reply.starts_with("$JS.ACK.")) {
    return std::nullopt;
  }
  std::array<std::string_view, 13> tokens{};
  std::size_t count = 0;
  for (std::size_t at = 0; at != std::string_view::npos && count < tokens.size();) {
    std::size_t dot = reply.find('.', at);
    tokens[count++] = reply.substr(at, dot == std::string_view::npos ? dot : dot - at);
    at = dot == std::string_view::npos ? dot : dot + 1;
  }
  std::size_t first = count == 9 ? 5 : 7;
  if (count < 9 || count == 10) {
    return std::nullopt;
  }
  constexpr std::int64_t kNanosPerMicro = 1'000;
  const AckPlace place{.stream_seq = to_number(tokens[first]),
                       .consumer_seq = to_number(tokens[first + 1]),
                       .stored = {to_number(tokens[first + 2]) / kNanosPerMicro}};
  return place.stream_seq > 0 && place.consumer_seq > 0 ? std::optional(place) : std::nullopt;
}

namespace {

ParsedAck parse_ack_error(const JsonObject& error) {
  auto number = [&error](std::string_view name) {
    const Json* found = find(error, name);
    return found != nullptr ? static_cast<int>(as_int(*found).value_or(0)) : 0;
  };
  constexpr int kUnavailable = 503;
  int js_code = number("err_code");
  const Json* found = find(error, "description");
  const std::string* words = found != nullptr ? as_string(*found) : nullptr;
  std::string message = words != nullptr ? *words : "the server refused, and did not say why";
  // A leader that has just lost its place, or cannot reach the others, names no reason of its own.
  bool again = server_cannot_store_now(js_code) || (js_code == 0 && number("code") == kUnavailable);
  ErrorCode code = lost_compare_and_set(message) ? ErrorCode::conflict : js_error_code(js_code);
  return {.status = fail(code, message + " (" + std::to_string(js_code) + ")"),
          .ack = {},
          .again = again};
}

}  // namespace

ParsedAck parse_publish_ack(std::string_view data) {
  auto json = parse_json(data);
  const JsonObject* object = json ? as_object(*json) : nullptr;
  if (object == nullptr) {
    return {.status = fail(ErrorCode::corrupt, "the server's ack is no JSON object"), .ack = {}};
  }
  const Json* error = find(*object, "error");
  if (error != nullptr && as_object(*error) != nullptr) {
    return parse_ack_error(*as_object(*error));
  }
  const Json* seq = find(*object, "seq");
  const Json* duplicate = find(*object, "duplicate");
  ParsedAck parsed;
  parsed.ack.seq.value = seq != nullptr ? as_int(*seq).value_or(0) : 0;
  parsed.ack.duplicate =
      duplicate != nullptr && as_bool(*duplicate) != nullptr && *as_bool(*duplicate);
  if (parsed.ack.seq.value <= 0) {
    parsed.status = fail(ErrorCode::corrupt, "the server's ack has no sequence");
  }
  return parsed;
}

}  // namespace lc
