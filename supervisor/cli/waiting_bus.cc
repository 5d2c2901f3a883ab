#include "supervisor/cli/waiting_bus.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/clock.h"

namespace lc::cli {
namespace {

constexpr std::int64_t kClosePatienceMs = 500;

}  // namespace

Result<std::unique_ptr<WaitingBus>> WaitingBus::connect(Options options) {
  std::unique_ptr<WaitingBus> made(new WaitingBus(std::move(options)));
  LC_TRY_STATUS(made->open());
  return made;
}

Status WaitingBus::open() {
  LC_TRY(loop_, UvLoop::create());
  LC_TRY(timers_, LoopTimers::create(loop_->get()));
  LC_TRY(bus_, NatsBus::create(loop_->get(), {.url = options_.url, .name = options_.name}));
  const auto is_connected = [this] { return bus_->state() == BusState::connected; };
  LC_TRY([[maybe_unused]] const bool done,
         wait_until(is_connected, (options_.patience_s + 1) * 1'000));
  return {};
}

WaitingBus::~WaitingBus() {
  if (bus_ && bus_->state() != BusState::closed) {
    bool closed = false;
    bus_->close(kClosePatienceMs, [&closed] { closed = true; });
    while (!closed) {
      loop_->run_once();
    }
  }
  bus_.reset();
  timers_.reset();
  if (loop_) {
    loop_->close();
  }
}

Result<bool> WaitingBus::wait_until(const std::function<bool()>& done, std::int64_t wait_ms) {
  const MonoTime end = monotonic_now() + millis(wait_ms);
  std::optional<MonoTime> lost;  // since when there is no connection
  while (!done()) {
    const MonoTime now = monotonic_now();
    if (bus_->state() == BusState::connected) {
      lost.reset();
    } else if (!lost) {
      lost = now;
    }
    const MonoTime patience = lost ? *lost + seconds(options_.patience_s) : end;
    if (lost && now >= patience) {
      return fail(ErrorCode::unavailable, fmt::format("cannot reach NATS at {} within {} s",
                                                      options_.url, options_.patience_s));
    }
    if (!lost && now >= end) {
      return false;
    }
    const TimerId alarm = timers_->arm(patience, [] {});
    loop_->run_once();
    timers_->cancel(alarm);
  }
  return true;
}

}  // namespace lc::cli
