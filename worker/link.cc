#include "worker/link.h"

#include <fmt/format.h>
#include <nats/nats.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <vector>

#include "common/clock.h"
#include "common/log.h"
#include "common/nats_handles.h"
#include "proto/slice.h"
#include "proto/subjects.h"
#include "worker/lifeline.h"
#include "worker/parts.h"
#include "worker/reply.h"

namespace lc::worker {
namespace {

constexpr std::int64_t kConnectTimeoutMs = 2'000;
constexpr std::int64_t kFlushTimeoutMs = 5'000;
constexpr int kFlushTriesMax = 1'000;  // while the server is sought; whoever waits has a deadline
constexpr std::int64_t kReconnectWaitMs = 100;
constexpr std::int64_t kPingIntervalMs = 5'000;   // a frozen server is noticed in three of these
constexpr std::int64_t kPingInClusterMs = 2'000;  // there is another server to go to
constexpr int kPingsOutMax = 2;
constexpr std::int64_t kWriteDeadlineMs = 10'000;
constexpr std::int64_t kNextMessageMs = 3'600'000;
constexpr std::int64_t kRecordShare = 4;  // of max_payload: what a journal has beside an answer

struct Destroy {
  void operator()(natsOptions* it) const { natsOptions_Destroy(it); }
  void operator()(natsConnection* it) const { natsConnection_Destroy(it); }
  void operator()(natsSubscription* it) const { natsSubscription_Destroy(it); }
  void operator()(natsMsg* it) const { natsMsg_Destroy(it); }
};
template <class T>
using Owned = std::unique_ptr<T, Destroy>;

// The address without what stands before an '@': it may be a password.
std::string without_credentials(const std::string& url) {
  const std::size_t scheme = url.find("://");
  const std::size_t at = url.rfind('@');
  if (at == std::string::npos || scheme == std::string::npos) {
    return url;
  }
  return url.substr(0, scheme + 3) + url.substr(at + 1);
}

void on_disconnected(natsConnection*, void*) noexcept {
  log_warn("NATS connection lost");
}
void on_reconnected(natsConnection*, void*) noexcept {
  log_info("NATS connection restored");
}

// First failure wins; libnats wants every option set by a call of its own.
natsStatus configure(natsOptions* options, const proto::WorkerConfig& config,
                     const std::vector<std::string>& urls) {
  const std::string name = fmt::format("lcworker {} {}", config.stream.value, config.crew.value);
  std::vector<const char*> servers;
  std::ranges::transform(urls, std::back_inserter(servers), &std::string::c_str);
  natsStatus status =
      natsOptions_SetServers(options, servers.data(), static_cast<int>(servers.size()));
  const auto then = [&status](natsStatus next) { status = status == NATS_OK ? next : status; };
  then(natsOptions_SetName(options, name.c_str()));
  then(natsOptions_SetSendAsap(options, true));  // a publish must not wait for the flusher's 1 ms
  then(natsOptions_SetTimeout(options, kConnectTimeoutMs));
  then(natsOptions_SetMaxReconnect(options, -1));
  then(natsOptions_SetReconnectWait(options, kReconnectWaitMs));
  then(natsOptions_SetReconnectJitter(options, kReconnectWaitMs, kReconnectWaitMs));
  then(natsOptions_SetPingInterval(options, urls.size() > 1 ? kPingInClusterMs : kPingIntervalMs));
  then(natsOptions_SetMaxPingsOut(options, kPingsOutMax));
  then(natsOptions_SetWriteDeadline(options, kWriteDeadlineMs));
  then(natsOptions_SetDisconnectedCB(options, on_disconnected, nullptr));
  then(natsOptions_SetReconnectedCB(options, on_reconnected, nullptr));
  return status;
}

}  // namespace

struct Link::Nats {
  Parts parts;
  Owned<natsConnection> connection;
  Owned<natsSubscription> subscription;
};

Link::Link(const proto::WorkerConfig& config) : config_(config), nats_(std::make_unique<Nats>()) {}

Link::~Link() = default;

std::unexpected<Error> Link::failed(std::string_view what, int nats_status) const {
  const char* detail = nats_GetLastError(nullptr);
  return fail(
      ErrorCode::unavailable,
      fmt::format("NATS at {}: {}: {}{}{}", without_credentials(config_.nats_url), what,
                  natsStatus_GetText(static_cast<natsStatus>(nats_status)),
                  detail != nullptr && *detail ? ": " : "", detail != nullptr ? detail : ""));
}

Result<std::unique_ptr<Link>> Link::connect(const proto::WorkerConfig& config) {
  std::unique_ptr<Link> link(new Link(config));
  LC_TRY(const std::vector<std::string> urls, split_nats_urls(config.nats_url));
  natsOptions* raw_options = nullptr;
  natsStatus status = natsOptions_Create(&raw_options);
  const Owned<natsOptions> options(raw_options);
  if (status == NATS_OK) {
    status = configure(raw_options, config, urls);
  }
  if (status != NATS_OK) {
    return link->failed("setting options", status);
  }
  natsConnection* connection = nullptr;
  status = natsConnection_Connect(&connection, raw_options);
  link->nats_->connection.reset(connection);
  if (status != NATS_OK) {
    return link->failed("connecting", status);
  }
  return link;
}

Status Link::subscribe() {
  natsConnection* connection = nats_->connection.get();
  natsSubscription* subscription = nullptr;
  const std::string filter = proto::ready_filter(config_.stream, config_.crew);
  natsStatus status = natsConnection_SubscribeSync(&subscription, connection, filter.c_str());
  nats_->subscription.reset(subscription);
  if (status == NATS_OK) {
    status = natsConnection_FlushTimeout(connection, kFlushTimeoutMs);
  }
  // A server that is being sought gets the subscription when it is found.
  for (int tries = 1; status != NATS_OK && tries < kFlushTriesMax; ++tries) {
    if (subscription == nullptr || natsConnection_IsClosed(connection) ||
        (status == NATS_TIMEOUT && !natsConnection_IsReconnecting(connection))) {
      break;
    }
    status = natsConnection_FlushTimeout(connection, kFlushTimeoutMs);
  }
  if (status != NATS_OK) {
    return failed("subscribing " + filter, status);
  }
  return {};
}

Error Link::serve(Crew& crew, ChildTree& tree) {
  for (;;) {
    natsMsg* raw = nullptr;
    const natsStatus status =
        natsSubscription_NextMsg(&raw, nats_->subscription.get(), kNextMessageMs);
    const Owned<natsMsg> message(raw);
    if (status == NATS_OK) {
      handle(natsMsg_GetSubject(raw),
             {natsMsg_GetData(raw), static_cast<std::size_t>(natsMsg_GetDataLength(raw))}, crew,
             tree);
    } else if (status == NATS_SLOW_CONSUMER) {
      log_error("batches were dropped: the worker was too slow to take them");
    } else if (status != NATS_TIMEOUT) {
      return {.code = ErrorCode::unavailable,
              .message = fmt::format("NATS at {}: {}", without_credentials(config_.nats_url),
                                     natsStatus_GetText(status))};
    }
  }
}

void Link::handle(std::string_view subject, std::string_view data, Crew& crew, ChildTree& tree) {
  auto text = nats_->parts.add(data);
  if (!text) {
    log_error("part of a batch refused", {{"subject", subject}, {"error", text.error().message}});
    return;
  }
  if (!*text) {
    return;  // more parts are to come
  }
  const auto ready = proto::parse_ready(**text);
  if (!ready) {
    log_error("ready refused", {{"subject", subject}, {"error", ready.error().message}});
    return;
  }
  if (subject != proto::ready_subject(ready->stream, ready->slice, ready->crew)) {
    log_error("ready refused",
              {{"subject", subject}, {"error", "its stream, slice or crew is not the subject's"}});
    return;
  }
  if (!ready->to.empty() && !config_.boot_id.empty() && ready->to != config_.boot_id) {
    return;  // to the crew's worker on another host
  }
  const std::string done_subject = proto::done_subject(ready->stream, ready->slice, ready->crew);
  if (ready->nonce == answered_.nonce && done_subject == answered_.subject) {
    send(answered_);  // published again after a lost connection: the answer may be lost too
    return;
  }
  answer(*ready, crew, tree);
}

void Link::answer(const proto::Ready& ready, Crew& crew, ChildTree& tree) {
  report_taken({ready.slice, ready.attempt, proto::order_tag(ready.nonce)});
  const MonoTime start = monotonic_now();
  Answer answer = crew.react(ready);
  tree.stop_here_when_leaving();  // its program was ended by us: that is no answer
  const std::int64_t t_ms = (monotonic_now() - start).us / 1000;
  if (answer.status == proto::DoneStatus::error) {
    log_error("reaction failed", {{"slice", ready.slice.value},
                                  {"crew", ready.crew.value},
                                  {"t_ms", t_ms},
                                  {"error", answer.error}});
  }
  const std::int64_t server_max = natsConnection_GetMaxPayload(nats_->connection.get());
  // The supervisor writes the answer into a record of its own, which must fit too.
  const auto room = static_cast<std::size_t>(server_max - server_max / kRecordShare);
  const std::size_t bytes_max =
      server_max > 0 ? std::min(room, proto::kDoneBytesMax) : proto::kDoneBytesMax;
  answered_ = {.nonce = ready.nonce,
               .subject = proto::done_subject(ready.stream, ready.slice, ready.crew),
               .text = write_bounded_done(make_done(ready, std::move(answer), t_ms), bytes_max)};
  send(answered_);
  report_answered();
}

void Link::send(const Answered& answered) {
  const natsStatus status =
      natsConnection_Publish(nats_->connection.get(), answered.subject.c_str(),
                             answered.text.data(), static_cast<int>(answered.text.size()));
  if (status != NATS_OK) {
    log_error("done not sent",
              {{"subject", answered.subject}, {"error", natsStatus_GetText(status)}});
  }
}

}  // namespace lc::worker
