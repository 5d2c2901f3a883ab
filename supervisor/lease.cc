#include "supervisor/lease.h"

#include <utility>

#include "common/fingerprint.h"
#include "common/json.h"
#include "common/log.h"
#include "proto/subjects.h"

namespace lc::supervisor {
namespace {

const std::string kLeaseKey = "leader";

struct Holder {
  std::string host;
  std::string boot_id;
  std::string seat;
};

Holder parse_holder(std::string_view text) {
  const auto json = parse_json(text);
  const JsonObject* object = json ? as_object(*json) : nullptr;
  const auto member = [object](std::string_view name) -> std::string {
    const Json* found = object == nullptr ? nullptr : find(*object, name);
    const std::string* value = found == nullptr ? nullptr : as_string(*found);
    return value == nullptr ? "" : *value;
  };
  return {member("host"), member("boot_id"), member("seat")};
}

}  // namespace

Lease::Lease(Bus& bus, Timers& timers, std::function<MonoTime()> mono,
             std::function<BootTime()> boot, Options options, Hooks hooks)
    : bus_(bus),
      timers_(timers),
      mono_(std::move(mono)),
      boot_(std::move(boot)),
      options_(std::move(options)),
      hooks_(std::move(hooks)),
      bucket_(proto::lease_bucket(options_.stream)),
      jitter_(fingerprint(options_.boot_id)) {}

Lease::~Lease() {
  timers_.cancel(timer_);
}

void Lease::start() {
  switch (state_) {
    case State::idle:
    case State::preparing:
      prepare();
      return;
    case State::asking:
    case State::standby:
      ask();
      return;
    case State::held:
      renew();
      return;
    case State::ended:
      return;
  }
}

bool Lease::is_valid() const {
  return state_ == State::held && boot_() < until_;
}

void Lease::prepare() {
  state_ = State::preparing;
  if (busy_) {
    return;
  }
  busy_ = true;
  BucketSpec spec{.name = bucket_, .history = 1};
  spec.storage = options_.storage;
  spec.replicas = options_.replicas;
  spec.ttl_ms = kLeaseTtlMs;
  bus_.ensure_bucket(spec, [this](const Result<bool>& made) {
    busy_ = false;
    if (made) {
      state_ = State::asking;
      ask();
    } else if (made.error().code == ErrorCode::unavailable) {
      after(kLeaseRetryMs, &Lease::prepare);
    } else {
      hooks_.on_refused(made.error());
    }
  });
}

void Lease::ask() {
  timers_.cancel(timer_);
  if (busy_ || state_ == State::ended) {
    return;
  }
  busy_ = true;
  const BootTime asked = boot_();
  bus_.kv_create(bucket_, kLeaseKey, value(), [this, asked](Result<std::uint64_t> revision) {
    busy_ = false;
    if (state_ == State::ended) {
      return;
    }
    if (revision) {
      take_over(*revision, asked);
    } else if (revision.error().code == ErrorCode::conflict) {
      look();
    } else {
      after(kLeaseRetryMs, &Lease::ask);
    }
  });
}

// Whose it is: perhaps ours, when the answer to our asking or renewing was lost.
void Lease::look() {
  busy_ = true;
  const BootTime asked = boot_();
  bus_.kv_get(bucket_, kLeaseKey, [this, asked](Result<KvEntry> entry) {
    busy_ = false;
    if (state_ == State::ended) {
      return;
    }
    const bool was_held = state_ == State::held;
    if (!entry) {
      const bool is_gone = entry.error().code == ErrorCode::not_found;
      is_gone ? ask() : after(kLeaseRetryMs, was_held ? &Lease::renew : &Lease::ask);
      return;
    }
    const Holder holder = parse_holder(entry->value);
    if (holder.boot_id == options_.boot_id) {
      // Written at most as long ago as the key lives; how long, only a renewal tells.
      revision_ = entry->revision;
      state_ = State::held;
      until_ = was_held ? until_ : asked;
      renew();
    } else if (was_held) {
      lose(holder.host);
    } else if (!options_.seat.empty() && holder.seat == options_.seat) {
      inherit(entry->revision);
    } else {
      const bool is_news = state_ != State::standby || leader_ != holder.boot_id;
      state_ = State::standby;
      leader_ = holder.boot_id;
      if (is_news) {
        hooks_.on_standby(holder.host);
      }
      wait_to_ask();
    }
  });
}

void Lease::inherit(std::uint64_t revision) {
  busy_ = true;
  const BootTime asked = boot_();
  bus_.kv_update(bucket_, kLeaseKey, value(), revision, [this, asked](Result<std::uint64_t> ours) {
    busy_ = false;
    if (state_ == State::ended) {
      return;
    }
    if (ours) {
      take_over(*ours, asked);
    } else {
      after(kLeaseRetryMs, &Lease::ask);
    }
  });
}

void Lease::wait_to_ask() {
  jitter_ = jitter_ * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
  const auto spread =
      static_cast<std::int64_t>((jitter_ >> 33U) % static_cast<std::uint64_t>(kLeaseAskMsSpread));
  after(kLeaseAskMsMin + spread, &Lease::ask);
}

void Lease::take_over(std::uint64_t revision, BootTime asked) {
  state_ = State::held;
  revision_ = revision;
  until_ = asked + millis(kLeaseTtlMs - kLeaseMarginMs);
  after(kLeaseRenewMs, &Lease::renew);
  std::exchange(told_, true) ? hooks_.on_renewed() : hooks_.on_held();
}

void Lease::renew() {
  timers_.cancel(timer_);
  if (busy_ || state_ != State::held) {
    return;
  }
  busy_ = true;
  const BootTime asked = boot_();
  bus_.kv_update(bucket_, kLeaseKey, value(), revision_,
                 [this, asked](Result<std::uint64_t> revision) {
                   busy_ = false;
                   if (state_ != State::held) {
                     return;
                   }
                   if (revision) {
                     take_over(*revision, asked);
                   } else if (revision.error().code == ErrorCode::conflict) {
                     look();
                   } else {
                     after(kLeaseRetryMs, &Lease::renew);
                   }
                 });
}

void Lease::lose(const std::string& holder) {
  timers_.cancel(timer_);
  state_ = State::ended;
  hooks_.on_lost(holder);
}

void Lease::release(std::function<void()> on_released) {
  timers_.cancel(timer_);
  const bool held = state_ == State::held;
  state_ = State::ended;
  if (!held) {
    on_released();
    return;
  }
  bus_.kv_delete(bucket_, kLeaseKey, revision_,
                 [on_released = std::move(on_released)](const Result<std::uint64_t>& deleted) {
                   if (!deleted) {
                     log_warn("lease not given up", {{"error", deleted.error().message}});
                   }
                   on_released();
                 });
}

void Lease::on_key(const BusMessage& message) {
  if (state_ == State::standby && message.data.empty()) {
    ask();
  }
}

void Lease::after(std::int64_t ms, void (Lease::*next)()) {
  timers_.cancel(timer_);
  timer_ = timers_.arm(mono_() + millis(ms), [this, next] { (this->*next)(); });
}

std::string Lease::value() const {
  std::string text;
  JsonWriter(text)
      .begin_object()
      .key("v")
      .number(1)
      .key("host")
      .string(options_.host)
      .key("boot_id")
      .string(options_.boot_id)
      .key("seat")
      .string(options_.seat)
      .end_object();
  return text;
}

}  // namespace lc::supervisor
