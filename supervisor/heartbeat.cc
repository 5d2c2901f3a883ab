#include "supervisor/heartbeat.h"

#include <utility>

#include "proto/subjects.h"

namespace lc::supervisor {

Heartbeat::Heartbeat(Bus& bus, Timers& timers, RunClock& clock, Metrics& metrics,
                     std::int64_t heartbeat_s, std::function<void(proto::Heartbeat&)> fill)
    : bus_(bus),
      timers_(timers),
      clock_(clock),
      metrics_(metrics),
      heartbeat_s_(heartbeat_s),
      fill_(std::move(fill)) {}

Heartbeat::~Heartbeat() {
  timers_.cancel(timer_);
}

void Heartbeat::start() {
  due_ = clock_.mono();
  beat();
}

void Heartbeat::beat() {
  proto::Heartbeat heartbeat;
  heartbeat.ts = clock_.stream_now();
  heartbeat.heartbeat_s = heartbeat_s_;
  fill_(heartbeat);
  if (bus_.publish(proto::heartbeats_subject(heartbeat.stream),
                   proto::write_heartbeat(heartbeat))) {
    metrics_.heartbeats_total.add();
  }
  const MonoTime now = clock_.mono();
  while (due_ <= now) {
    due_ = due_ + seconds(heartbeat_s_);
  }
  timer_ = timers_.arm(due_, [this] { beat(); });
}

}  // namespace lc::supervisor
