#include "tests/bench/nats_client.h"

#include <fmt/format.h>

#include <cstdlib>

#include "common/clock.h"

namespace lc::bench {
namespace {

constexpr std::int64_t kPatienceMs = 30'000;

}  // namespace

void require(natsStatus status, const char* what) {
  if (status != NATS_OK) {
    fmt::print(stderr, "{}: {}\n", what, natsStatus_GetText(status));
    std::exit(1);
  }
}

Connection connect(const std::string& url) {
  natsOptions* options = nullptr;
  require(natsOptions_Create(&options), "options");
  require(natsOptions_SetURL(options, url.c_str()), "url");
  require(natsOptions_SetSendAsap(options, true), "send asap");
  natsConnection* connection = nullptr;
  require(natsConnection_Connect(&connection, options), "connect");
  natsOptions_Destroy(options);
  return Connection(connection);
}

JetStream jet_stream(natsConnection* connection) {
  jsCtx* context = nullptr;
  require(natsConnection_JetStream(&context, connection, nullptr), "jetstream");
  return JetStream(context);
}

Message next(natsSubscription* subscription) {
  natsMsg* message = nullptr;
  require(natsSubscription_NextMsg(&message, subscription, kPatienceMs), "next message");
  return Message(message);
}

std::string data_of(const Message& message) {
  return {natsMsg_GetData(message.get()),
          static_cast<std::size_t>(natsMsg_GetDataLength(message.get()))};
}

std::int64_t monotonic_us() {
  return monotonic_now().us;
}

std::int64_t wall_us() {
  return wall_now().us;
}

}  // namespace lc::bench
