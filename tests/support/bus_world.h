#pragma once

#include <doctest/doctest.h>
#include <uv.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/clock.h"
#include "common/nats_bus.h"
#include "common/private_nats.h"
#include "common/uv.h"

namespace lc {

/// A loop that ticks every millisecond and knows its longest pause, for tests that wait for
/// something to happen rather than for time to pass.
class TickingLoop {
 public:
  TickingLoop() : loop_(UvLoop::create().value()) {
    ticker_.reset(new uv_timer_t);
    uv_timer_init(loop_->get(), ticker_.get());
    ticker_->data = this;
    auto on_tick = [](uv_timer_t* timer) {
      if (auto* self = static_cast<TickingLoop*>(timer->data); self != nullptr) {
        self->tick();
      }
    };
    uv_timer_start(ticker_.get(), on_tick, 1, 1);
  }
  TickingLoop(const TickingLoop&) = delete;
  TickingLoop& operator=(const TickingLoop&) = delete;
  ~TickingLoop() {
    ticker_.reset();
    loop_->close();
  }

  uv_loop_t* get() { return loop_->get(); }

  /// Runs the loop until `done` holds; false after `patience`, which is generous on purpose.
  bool run_until(const std::function<bool()>& done, Micros patience = seconds(60)) {
    MonoTime end = monotonic_now() + patience;
    last_tick_ = monotonic_now();
    while (!done()) {
      if (monotonic_now() > end) {
        return false;
      }
      loop_->run_once();
    }
    return true;
  }

  void on_tick(std::function<void()> work) { work_ = std::move(work); }
  Micros longest_gap() const { return longest_gap_; }
  void reset_gap() { longest_gap_ = Micros{0}; }

 private:
  void tick() {
    MonoTime now = monotonic_now();
    longest_gap_ = std::max(longest_gap_, now - last_tick_);
    last_tick_ = now;
    if (work_) {
      work_();
    }
  }

  std::unique_ptr<UvLoop> loop_;
  UvOwned<uv_timer_t> ticker_;
  std::function<void()> work_;
  MonoTime last_tick_{0};
  Micros longest_gap_{0};
};

/// A private server and a connected bus on a ticking loop.
class BusWorld {
 public:
  explicit BusWorld(NatsBusOptions options = {}, PrivateNatsOptions server_options = {}) {
    auto started = PrivateNats::start(std::move(server_options));
    REQUIRE_MESSAGE(started.has_value(), started.error().message);
    server_ = std::move(*started);
    bus_ = connect(std::move(options));
    REQUIRE(loop_.run_until([this] { return bus_->state() == BusState::connected; }));
  }
  BusWorld(const BusWorld&) = delete;
  BusWorld& operator=(const BusWorld&) = delete;
  ~BusWorld() { close(*bus_); }

  std::unique_ptr<NatsBus> connect(NatsBusOptions options = {}) {
    options.url = server_->url();
    auto made = NatsBus::create(loop_.get(), std::move(options));
    REQUIRE_MESSAGE(made.has_value(), made.error().message);
    return std::move(*made);
  }

  void close(NatsBus& bus) {
    bool closed = bus.state() == BusState::closed;
    if (!closed) {
      bus.close(2'000, [&closed] { closed = true; });
    }
    CHECK(loop_.run_until([&closed] { return closed; }));
  }

  /// Waits for the answer to a call that takes an OnResult as its last argument.
  template <class T, class Call>
  Result<T> answer(Call call) {
    std::optional<Result<T>> result;
    call([&result](Result<T> got) { result = std::move(got); });
    REQUIRE(loop_.run_until([&result] { return result.has_value(); }));
    return *result;
  }

  void ensure_stream(const std::string& name, const std::string& subject) {
    StreamSpec spec{.name = name, .subject = subject, .duplicate_window_s = 120};
    auto made = answer<StreamInfo>(
        [&](OnResult<StreamInfo> on_result) { bus_->ensure_stream(spec, std::move(on_result)); });
    REQUIRE_MESSAGE(made.has_value(), made.error().message);
  }

  TickingLoop& loop() { return loop_; }
  PrivateNats& server() { return *server_; }
  NatsBus& bus() { return *bus_; }

 private:
  std::unique_ptr<PrivateNats> server_;
  TickingLoop loop_;
  std::unique_ptr<NatsBus> bus_;
};

}  // namespace lc
