#pragma once

#include <nats/nats.h>

#include <cstdint>
#include <memory>
#include <string>

// The least that a benchmark needs of libnats: a floor should have nothing of ours in it.
namespace lc::bench {

template <auto destroy>
struct Destroy {
  template <class T>
  void operator()(T* object) const {
    destroy(object);
  }
};

using Connection = std::unique_ptr<natsConnection, Destroy<natsConnection_Destroy>>;
using Subscription = std::unique_ptr<natsSubscription, Destroy<natsSubscription_Destroy>>;
using Message = std::unique_ptr<natsMsg, Destroy<natsMsg_Destroy>>;
using JetStream = std::unique_ptr<jsCtx, Destroy<jsCtx_Destroy>>;

/// Ends the program with the library's words when `status` is not OK.
void require(natsStatus status, const char* what);

/// A connection that sends as soon as it can.
Connection connect(const std::string& url);
JetStream jet_stream(natsConnection* connection);

/// The next message, waiting up to half a minute.
Message next(natsSubscription* subscription);
std::string data_of(const Message& message);

std::int64_t monotonic_us();
std::int64_t wall_us();

}  // namespace lc::bench
