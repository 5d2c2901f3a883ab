#include "common/timers.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "common/check.h"
#include "common/clock.h"

namespace lc {

Result<std::unique_ptr<LoopTimers>> LoopTimers::create(uv_loop_t* loop) {
  std::unique_ptr<LoopTimers> timers(new LoopTimers());
  timers->fd_.reset(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!timers->fd_) {
    return std::unexpected(errno_error("creating a timerfd", errno));
  }
  LoopTimers* self = timers.get();
  LC_TRY(timers->watcher_, FdWatcher::create(loop, timers->fd_.get(), UV_READABLE,
                                             [self](int) { self->on_ready(); }));
  return timers;
}

TimerId LoopTimers::arm(MonoTime at, std::function<void()> on_due) {
  TimerId id{++last_id_};
  due_.emplace(Key{at, id}, std::move(on_due));
  at_.emplace(id.value, at);
  if (!running_) {
    set_alarm();
  }
  return id;
}

void LoopTimers::cancel(TimerId id) {
  auto at = at_.find(id.value);
  if (at == at_.end()) {
    return;
  }
  due_.erase(Key{at->second, id});
  at_.erase(at);
  if (!running_) {
    set_alarm();
  }
}

void LoopTimers::on_ready() {
  std::uint64_t expirations = 0;
  // Nothing to read is no error: the alarm was moved after the loop saw it fire.
  static_cast<void>(!::read(fd_.get(), &expirations, sizeof expirations));
  alarm_ = MonoTime{-1};
  running_ = true;
  const MonoTime now = monotonic_now();
  const TimerId newest{last_id_};  // a timer armed from here on waits for the next turn
  while (!due_.empty() && due_.begin()->first.first <= now) {
    auto first = due_.begin();
    while (first != due_.end() && first->first.first <= now && first->first.second > newest) {
      ++first;
    }
    if (first == due_.end() || first->first.first > now) {
      break;
    }
    auto entry = due_.extract(first);
    at_.erase(entry.key().second.value);
    entry.mapped()();
  }
  running_ = false;
  set_alarm();
}

void LoopTimers::set_alarm() {
  const MonoTime next = due_.empty() ? MonoTime{-1} : due_.begin()->first.first;
  if (next == alarm_) {
    return;
  }
  itimerspec when{};
  if (!due_.empty()) {
    // Zero would switch the timer off; what is past is due now.
    const std::int64_t us = next.us > 0 ? next.us : 1;
    when.it_value.tv_sec = us / 1'000'000;
    when.it_value.tv_nsec = us % 1'000'000 * 1'000;
  }
  LC_ASSERT(::timerfd_settime(fd_.get(), TFD_TIMER_ABSTIME, &when, nullptr) == 0);
  alarm_ = next;
}

}  // namespace lc
