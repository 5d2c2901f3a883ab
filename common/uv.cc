#include "common/uv.h"

#include <string>

#include "common/check.h"

namespace lc {

Error uv_error(std::string_view what, int uv_code) {
  ErrorCode code = ErrorCode::unavailable;
  if (uv_code == UV_EMFILE || uv_code == UV_ENFILE || uv_code == UV_ENOMEM) {
    code = ErrorCode::overloaded;
  } else if (uv_code == UV_EINVAL || uv_code == UV_EPERM || uv_code == UV_EBADF) {
    code = ErrorCode::invalid_input;
  }
  return {code, std::string(what) + ": " + uv_strerror(uv_code)};
}

Result<std::unique_ptr<UvLoop>> UvLoop::create() {
  std::unique_ptr<UvLoop> loop(new UvLoop());
  if (int code = uv_loop_init(&loop->loop_); code != 0) {
    loop->closed_ = true;  // there is nothing to close
    return std::unexpected(uv_error("creating an event loop", code));
  }
  return loop;
}

UvLoop::~UvLoop() {
  LC_ASSERT(closed_);
}

void UvLoop::run() {
  uv_run(&loop_, UV_RUN_DEFAULT);
}

void UvLoop::stop() {
  uv_stop(&loop_);
}

void UvLoop::run_once() {
  uv_run(&loop_, UV_RUN_ONCE);
}

void UvLoop::run_nowait() {
  uv_run(&loop_, UV_RUN_NOWAIT);
}

void UvLoop::close() {
  // A turn that does not wait ends with the close callbacks; one of them may start another close.
  constexpr int kTurnsMax = 64;
  int code = UV_EBUSY;
  for (int turn = 0; turn < kTurnsMax && code == UV_EBUSY; ++turn) {
    uv_run(&loop_, UV_RUN_NOWAIT);
    code = uv_loop_close(&loop_);
  }
  LC_ASSERT(code == 0);
  closed_ = true;
}

Result<std::unique_ptr<FdWatcher>> FdWatcher::create(uv_loop_t* loop, int fd, int events,
                                                     OnReady on_ready) {
  std::unique_ptr<FdWatcher> watcher(new FdWatcher());
  auto poll = std::make_unique<uv_poll_t>();
  if (int code = uv_poll_init(loop, poll.get(), fd); code != 0) {
    return std::unexpected(uv_error("watching a descriptor", code));
  }
  poll->data = watcher.get();
  watcher->poll_.reset(poll.release());
  watcher->on_ready_ = std::move(on_ready);
  watcher->watch(events);
  return watcher;
}

void FdWatcher::watch(int events) {
  if (events == 0) {
    uv_poll_stop(poll_.get());
    return;
  }
  int code = uv_poll_start(poll_.get(), events, [](uv_poll_t* poll, int status, int ready) {
    auto* self = static_cast<FdWatcher*>(poll->data);
    if (self == nullptr) {
      return;
    }
    if (status != 0) {
      uv_poll_stop(poll);
      ready = UV_DISCONNECT;
    }
    self->on_ready_(ready);
  });
  LC_ASSERT(code == 0);
}

Result<std::unique_ptr<SignalWatcher>> SignalWatcher::create(uv_loop_t* loop, int signal_number,
                                                             std::function<void()> on_signal) {
  std::unique_ptr<SignalWatcher> watcher(new SignalWatcher());
  auto signal = std::make_unique<uv_signal_t>();
  if (int code = uv_signal_init(loop, signal.get()); code != 0) {
    return std::unexpected(uv_error("watching a signal", code));
  }
  signal->data = watcher.get();
  watcher->signal_.reset(signal.release());
  watcher->on_signal_ = std::move(on_signal);
  int code = uv_signal_start(
      watcher->signal_.get(),
      [](uv_signal_t* handle, int) {
        if (auto* self = static_cast<SignalWatcher*>(handle->data); self != nullptr) {
          self->on_signal_();
        }
      },
      signal_number);
  if (code != 0) {
    return std::unexpected(uv_error("watching a signal", code));
  }
  return watcher;
}

}  // namespace lc
