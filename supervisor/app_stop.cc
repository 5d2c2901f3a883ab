// The way out: stop taking events, let reactions finish, let workers leave, wait for open acks,
// close the connection, close the loop. Each step starts the next; a second signal skips the
// waiting.

#include "common/log.h"
#include "common/scratch.h"
#include "proto/subjects.h"
#include "supervisor/app.h"
#include "supervisor/exit_codes.h"

namespace lc::supervisor {
namespace {

constexpr Micros kDrainGrace = seconds(20);     // for reactions in flight
constexpr Micros kDrainCheck = millis(10);      // between looks at what is still running
constexpr Micros kWorkerGrace = seconds(2);     // for workers to leave by themselves
constexpr Micros kSettleGrace = seconds(5);     // for the last records and what they let go
constexpr std::int64_t kBusPatienceMs = 5'000;  // for open acks

}  // namespace

void App::stop(int exit_code, HowToStop how) {
  if (phase_ == Phase::draining || phase_ == Phase::stopping) {
    return;
  }
  exit_code_ = exit_code;
  if (auto told = notify_.stopping(); !told) {
    log_warn("service manager not told", {{"error", told.error().message}});
  }
  log_info("stopping", {{"exit_code", exit_code}});
  if (phase_ == Phase::running) {
    bus_->pause_consumer(proto::events_stream(options_.stream));
  }
  if (deputy_) {
    report_now(Deputy::Leaving::yes);
    leave_leader();
  }
  phase_ = Phase::draining;
  // Who stands by dispatches anew what is under way: the stream does not wait for it.
  const bool at_once = how == HowToStop::at_once || (journal_ && peers_.has_standby(clock_.mono()));
  drain_deadline_ = clock_.mono() + (at_once ? Micros{} : kDrainGrace);
  drain();
}

void App::drain() {
  const bool idle =
      conductor_->engine() == nullptr || conductor_->engine()->reactions_in_flight() == 0;
  if (phase_ != Phase::draining) {
    return;
  }
  if (idle || clock_.mono() >= drain_deadline_) {
    stop_workers();
    return;
  }
  drain_timer_ = timers_->arm(clock_.mono() + kDrainCheck, [this] { drain(); });
}

void App::stop_workers() {
  if (phase_ == Phase::stopping) {
    return;
  }
  phase_ = Phase::stopping;
  timers_->cancel(drain_timer_);
  timers_->cancel(retry_timer_);
  timers_->cancel(hosts_timer_);
  // What workers do from now on is nobody's reaction: who goes on dispatches it anew.
  conductor_->leave();
  settle_deadline_ = clock_.mono() + kSettleGrace;
  fleet_->shutdown(kWorkerGrace, [this] { await_settled(); });
}

// What is appended now lets the next run go on without reading much.
void App::await_settled() {
  if (conductor_->settled() || clock_.mono() >= settle_deadline_) {
    lease_->release([this] { close_bus(); });
    return;
  }
  settle_timer_ = timers_->arm(clock_.mono() + kDrainCheck, [this] { await_settled(); });
}

void App::close_bus() {
  heartbeat_.reset();
  if (outbox_->unacknowledged() > 0) {
    log_info("waiting for acknowledgements", {{"messages", outbox_->unacknowledged()}});
  }
  bus_->close(kBusPatienceMs, [this] { loop_->stop(); });
}

void App::close_rest() {
  if (timers_) {
    timers_->cancel(loop_timer_);
    timers_->cancel(retry_timer_);
    timers_->cancel(hosts_timer_);
    timers_->cancel(report_timer_);
    timers_->cancel(settle_timer_);
  }
  admin_.reset();
  heartbeat_.reset();
  lease_.reset();
  conductor_.reset();
  fleet_.reset();
  const auto temporary = options_.environment.find("TMPDIR");
  remove_left_scratch(temporary == options_.environment.end() ? "/tmp" : temporary->second);
  cells_.reset();
  outbox_.reset();
  store_.reset();
  bus_.reset();
  journal_.reset();
  signals_.clear();
  kill_reports_.reset();  // what is being written is written
  timers_.reset();
  if (loop_) {
    loop_->close();
  }
  private_nats_.reset();
}

}  // namespace lc::supervisor
