#pragma once

#include <nats/nats.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

// nats.c objects with owners. Included by the bus's own .cc files only: nobody else sees nats.c.

namespace lc {

template <auto destroy>
struct NatsDelete {
  template <class T>
  void operator()(T* object) const noexcept {
    destroy(object);
  }
};

using NatsOptionsPtr = std::unique_ptr<natsOptions, NatsDelete<natsOptions_Destroy>>;
using NatsConnectionPtr = std::unique_ptr<natsConnection, NatsDelete<natsConnection_Destroy>>;
using NatsSubscriptionPtr = std::unique_ptr<natsSubscription, NatsDelete<natsSubscription_Destroy>>;
using NatsMsgPtr = std::unique_ptr<natsMsg, NatsDelete<natsMsg_Destroy>>;
using JsContextPtr = std::unique_ptr<jsCtx, NatsDelete<jsCtx_Destroy>>;
using JsConsumerInfoPtr = std::unique_ptr<jsConsumerInfo, NatsDelete<jsConsumerInfo_Destroy>>;
using JsStreamInfoPtr = std::unique_ptr<jsStreamInfo, NatsDelete<jsStreamInfo_Destroy>>;
using KvStorePtr = std::unique_ptr<kvStore, NatsDelete<kvStore_Destroy>>;

/// The servers of a comma-separated list: `[nats://|tls://][user:password@]host[:port]`.
///
/// Errors: invalid_input - an entry has no host or no usable port; passwords are not repeated.
Result<std::vector<std::string>> split_nats_urls(std::string_view list);

/// Words and code for a failed nats.c call; `js_code` is 0 where there is none. A compare-and-set
/// that lost is `conflict`, also where nats.c tells it in words alone.
Error nats_error(std::string_view what, natsStatus status, int js_code = 0);

/// Whether the server's words say that a stream or subject has moved on; some errors have no code.
bool lost_compare_and_set(std::string_view words);

/// Whether the server would store it later: it has no leader, or is looking at the same message id.
bool server_cannot_store_now(int js_code);

/// What a JetStream error code lets the caller do.
ErrorCode js_error_code(int js_code);

}  // namespace lc
