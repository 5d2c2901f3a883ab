#include "common/nats_thread.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>
#include <variant>

#include "common/check.h"
#include "common/clock.h"

namespace lc {
namespace {

constexpr Micros kTick = millis(100);
constexpr Micros kConnectBackoffMin = millis(50);
constexpr std::int64_t kWriteDeadlineMs = 1'000;
constexpr std::int64_t kPingMs = 5'000;
constexpr std::int64_t kPingInClusterMs = 2'000;  // there is another server to go to
constexpr int kPingsOutMax = 2;
// Longer than a cluster needs to choose another leader: our server has lost the others.
constexpr Micros kUnheardMax = seconds(10);

struct ClosedNotice {
  BusLink* link;
  std::uint64_t connection;
};

void on_closed(natsConnection*, void* closure) noexcept {
  std::unique_ptr<ClosedNotice> notice(static_cast<ClosedNotice*>(closure));
  std::uint64_t expected = notice->connection;
  notice->link->connection.compare_exchange_strong(expected, 0);
  BusCommand closed = ConnectionClosed{.connection = notice->connection};
  notice->link->commands.push_always(closed);
}

/// nats.c prints errors to stderr when nobody takes them; the state callbacks say what matters.
void on_error(natsConnection*, natsSubscription*, natsStatus, void*) noexcept {}

}  // namespace

NatsThread::NatsThread(BusLink& link, const NatsBusOptions& options)
    : link_(link), options_(options), outbox_(millis(options.ack_timeout_ms)) {}

Result<NatsOptionsPtr> NatsThread::make_options(const NatsBusOptions& options) {
  LC_TRY(std::vector<std::string> urls, split_nats_urls(options.url));
  // One delivery thread for all subscriptions: order between them is kept.
  natsStatus status = nats_SetMessageDeliveryPoolSize(1);
  natsOptions* raw = nullptr;
  if (status == NATS_OK) {
    status = natsOptions_Create(&raw);
  }
  NatsOptionsPtr result(raw);
  auto set = [&status](natsStatus next) { status = status == NATS_OK ? next : status; };
  if (status == NATS_OK) {
    std::vector<const char*> servers;
    std::transform(urls.begin(), urls.end(), std::back_inserter(servers),
                   [](const std::string& url) { return url.c_str(); });
    set(natsOptions_SetServers(raw, servers.data(), static_cast<int>(servers.size())));
    set(natsOptions_SetName(raw, options.name.c_str()));
    set(natsOptions_SetTimeout(raw, options.connect_timeout_ms));
    set(natsOptions_SetSendAsap(raw, true));  // else each hop waits about 1 ms for the flusher
    set(natsOptions_UseGlobalMessageDelivery(raw, true));
    set(natsOptions_SetWriteDeadline(raw, kWriteDeadlineMs));
    set(natsOptions_SetPingInterval(raw, urls.size() > 1 ? kPingInClusterMs : kPingMs));
    set(natsOptions_SetMaxPingsOut(raw, kPingsOutMax));
    set(natsOptions_SetAllowReconnect(raw, false));
    set(natsOptions_SetReconnectBufSize(raw, 0));
    set(natsOptions_SetErrorHandler(raw, on_error, nullptr));
  }
  if (status != NATS_OK) {
    Error error = nats_error("NATS options", status);
    error.code = ErrorCode::invalid_input;
    return std::unexpected(std::move(error));
  }
  return result;
}

void NatsThread::run() {
  nats_options_ = make_options(options_).value();  // NatsBus::create has checked them
  urls_ = split_nats_urls(options_.url).value();
  std::vector<BusCommand> batch;
  bool done = false;
  while (!done) {
    MonoTime now = monotonic_now();
    if (may_connect(now) && now >= connect_at_) {
      connect();
    }
    link_.commands.take(batch, next_wake(monotonic_now()));
    for (BusCommand& command : batch) {
      std::visit([this](auto& one) { on(one); }, command);
    }
    now = monotonic_now();
    if (now >= next_tick_) {
      tick(now);
      next_tick_ = now + kTick;
    }
    bool answered = outbox_.empty() && requests_.empty();
    if (closing_ && live_ != nullptr && (answered || now >= *closing_)) {
      natsConnection_FlushTimeout(live_->connection.get(), kWriteDeadlineMs);
      disconnect();
    }
    done = closing_ && live_ == nullptr && !may_connect(now) && connections_open_ == 0 &&
           deliveries_open_ == 0;
  }
  Arrival closed;
  closed.what = Arrival::What::closed;
  link_.arrivals->push_always(closed, 0);
  nats_options_.reset();
  nats_ReleaseThreadMemory();
}

MonoTime NatsThread::next_wake(MonoTime now) const {
  return may_connect(now) ? std::min(connect_at_, now + kTick) : std::max(now, next_tick_);
}

bool NatsThread::may_connect(MonoTime now) const {
  return live_ == nullptr && (!closing_ || (now < *closing_ && !outbox_.empty()));
}

void NatsThread::report(BusState state) {
  Arrival arrival;
  arrival.what = Arrival::What::state;
  arrival.state = state;
  link_.arrivals->push_always(arrival, 0);
}

/// Any of them at random; after one whose cluster did not hear us, that one last.
void NatsThread::choose_servers() {
  std::ranges::stable_partition(urls_,
                                [this](const std::string& url) { return url != unheard_url_; });
  std::vector<const char*> servers;
  std::ranges::transform(urls_, std::back_inserter(servers), &std::string::c_str);
  natsOptions_SetServers(nats_options_.get(), servers.data(), static_cast<int>(servers.size()));
  natsOptions_SetNoRandomize(nats_options_.get(), !unheard_url_.empty());
}

/// A server that the others of its cluster do not reach takes our messages and answers nothing.
/// With more than one to choose from we go to another one.
void NatsThread::leave_if_unheard(MonoTime now) {
  if (urls_.size() < 2 || !unheard_since_ || now - *unheard_since_ < kUnheardMax) {
    return;
  }
  constexpr std::size_t kUrlBytesMax = 1'024;
  std::array<char, kUrlBytesMax> connected{};
  unheard_url_.clear();
  if (natsConnection_GetConnectedUrl(live_->connection.get(), connected.data(), connected.size()) ==
      NATS_OK) {
    std::string_view place = connected.data();
    place.remove_prefix(std::min(place.size(), place.rfind('/') + 1));
    auto same = std::ranges::find_if(
        urls_, [place](const std::string& url) { return url.ends_with(place); });
    unheard_url_ = same == urls_.end() ? "" : *same;
  }
  disconnect();
}

void NatsThread::connect() {
  choose_servers();
  auto fresh = std::make_unique<Connection>();
  fresh->number = ++connections_made_;
  auto notice = std::make_unique<ClosedNotice>(ClosedNotice{&link_, fresh->number});
  natsOptions_SetClosedCB(nats_options_.get(), on_closed, notice.get());
  natsConnection* raw = nullptr;
  natsStatus status = natsConnection_Connect(&raw, nats_options_.get());
  Error why;
  if (status != NATS_OK) {
    why = nats_error("connecting", status);
  } else {
    fresh->connection.reset(raw);
    notice.release();  // comes back through on_closed
    ++connections_open_;
    Status ready = set_up(*fresh);
    if (!ready) {
      why = std::move(ready).error();
    } else {
      connected_at_ = monotonic_now();
      link_.max_payload = natsConnection_GetMaxPayload(raw);
      live_ = std::move(fresh);
      link_.connection = live_->number;
      if (natsConnection_Status(raw) == NATS_CONN_STATUS_CLOSED) {
        link_.connection = 0;  // its notice came before the number was set, and is in the queue
      }
      unheard_url_.clear();
      report(BusState::connected);
      outbox_.disconnected();
      send_due(monotonic_now());
      check_consumers(monotonic_now());
      return;
    }
    close_connection(std::move(fresh));
  }
  Arrival failed;
  failed.what = Arrival::What::connect_failed;
  failed.data = why.message;
  link_.arrivals->push_always(failed, 0);
  back_off();
}

void NatsThread::back_off() {
  connect_backoff_ = std::clamp(Micros{connect_backoff_.us * 2}, kConnectBackoffMin,
                                millis(options_.backoff_ms_max));
  connect_at_ = monotonic_now() + connect_backoff_;
}

Status NatsThread::set_up(Connection& fresh) {
  natsInbox* inbox = nullptr;
  natsStatus status = natsInbox_Create(&inbox);
  if (status != NATS_OK) {
    return std::unexpected(nats_error("creating an inbox", status));
  }
  fresh.inbox = inbox;
  natsInbox_Destroy(inbox);
  natsConnection* nc = fresh.connection.get();
  LC_TRY(auto acks, deliver_acks(link_, nc, fresh.inbox + ".k"));
  ++deliveries_open_;
  fresh.subscriptions.push_back(std::move(acks));
  for (std::size_t index = 0; index < subjects_.size(); ++index) {
    LC_TRY(auto core, deliver_core(link_, nc, subjects_[index], static_cast<std::uint32_t>(index)));
    ++deliveries_open_;
    fresh.core.push_back({.subscription = core.get()});
    fresh.subscriptions.push_back(std::move(core));
  }
  jsOptions options;
  jsOptions_Init(&options);
  options.Wait = options_.request_timeout_ms;
  jsCtx* context = nullptr;
  status = natsConnection_JetStream(&context, nc, &options);
  if (status != NATS_OK) {
    return std::unexpected(nats_error("opening JetStream", status));
  }
  fresh.jetstream.reset(context);
  return {};
}

void NatsThread::disconnect() {
  std::unique_ptr<Connection> old = std::move(live_);
  link_.connection = 0;
  unheard_since_.reset();
  for (auto& [index, consumer] : consumers_) {
    consumer->live = false;
    consumer->subscription = nullptr;
    consumer->retry_at = MonoTime{0};
    consumer->backoff = Micros{0};
    consumer->generation.fetch_add(1);
  }
  close_connection(std::move(old));
  for (const auto& [id, deadline] : requests_) {
    reply_error(id, {ErrorCode::unavailable, "the connection to NATS was lost before the answer"});
  }
  requests_.clear();
  constexpr Micros kSteady = seconds(5);
  connect_at_ = monotonic_now();
  if (connect_at_ - connected_at_ >= kSteady) {
    connect_backoff_ = Micros{0};
  } else {
    back_off();  // a server that takes us and drops us at once is not asked without a pause
  }
  report(BusState::disconnected);
}

void NatsThread::close_connection(std::unique_ptr<Connection> connection) {
  natsConnection_Close(connection->connection.get());
  connection->buckets.clear();
  connection->jetstream.reset();
  connection->subscriptions.clear();
  connection->connection.reset();
}

void NatsThread::tick(MonoTime now) {
  if (live_ == nullptr) {
    return;
  }
  send_due(now);
  expire_requests(now);
  check_consumers(now);
  count_dropped();
  leave_if_unheard(now);
}

void NatsThread::count_dropped() {
  for (CoreSubscription& core : live_->core) {
    std::int64_t dropped = 0;
    if (natsSubscription_GetDropped(core.subscription, &dropped) == NATS_OK) {
      link_.dropped_slow += static_cast<std::uint64_t>(dropped - core.dropped_counted);
      core.dropped_counted = dropped;
    }
  }
}

void NatsThread::on(ConnectionClosed& command) {
  --connections_open_;
  if (live_ != nullptr && live_->number == command.connection) {
    disconnect();
  }
}

void NatsThread::on(DeliveryEnded&) {
  --deliveries_open_;
}

void NatsThread::on(Close& command) {
  closing_ = command.patience_ends;
}

void NatsThread::on(Subscribe& command) {
  LC_ASSERT(command.index == subjects_.size());
  subjects_.push_back(std::move(command.subject));
  if (live_ == nullptr) {
    return;
  }
  auto core = deliver_core(link_, live_->connection.get(), subjects_.back(), command.index);
  if (core) {  // else the connection has closed, and the next one subscribes
    ++deliveries_open_;
    live_->core.push_back({.subscription = core->get()});
    live_->subscriptions.push_back(std::move(*core));
  }
}

void NatsThread::reply(Reply answer) {
  Arrival arrival;
  arrival.what = Arrival::What::reply;
  arrival.reply = std::make_unique<Reply>(std::move(answer));
  link_.arrivals->push_always(arrival, 0);
}

void NatsThread::reply_error(std::uint64_t id, Error error) {
  reply({.id = id, .status = std::unexpected(std::move(error))});
}

}  // namespace lc
