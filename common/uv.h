#pragma once

#include <uv.h>

#include <functional>
#include <memory>

#include "common/result.h"

namespace lc {

/// Closes a handle on its loop; libuv frees it after the close callback. Clears `data` first, so a
/// callback that is already queued finds no owner.
template <class Handle>
struct UvClose {
  void operator()(Handle* handle) const noexcept {
    handle->data = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(handle),
             [](uv_handle_t* closed) { delete reinterpret_cast<Handle*>(closed); });
  }
};

/// Owns an initialised libuv handle. Destroy it on the loop's thread, before the loop is closed.
template <class Handle>
using UvOwned = std::unique_ptr<Handle, UvClose<Handle>>;

Error uv_error(std::string_view what, int uv_code);

/// Owns a loop. Its end is a phase, not a destructor: close all handles, then `close()`.
class UvLoop {
 public:
  static Result<std::unique_ptr<UvLoop>> create();
  UvLoop(const UvLoop&) = delete;
  UvLoop& operator=(const UvLoop&) = delete;
  ~UvLoop();  // asserts that close() has succeeded

  uv_loop_t* get() { return &loop_; }

  /// Runs until `stop()` or until no handle is left.
  void run();
  void stop();
  /// One turn; waits for an event at most as long as libuv's own timers say.
  void run_once();
  /// One turn without waiting.
  void run_nowait();

  /// Lets the close callbacks run, then closes. Asserts that no handle is left open.
  void close();

 private:
  UvLoop() = default;

  uv_loop_t loop_{};
  bool closed_ = false;
};

/// Calls `on_ready(UV_READABLE | UV_WRITABLE ...)` while a borrowed descriptor is ready. The
/// descriptor must outlive the watcher. Stops on an error, reporting UV_DISCONNECT.
class FdWatcher {
 public:
  using OnReady = std::function<void(int events)>;

  static Result<std::unique_ptr<FdWatcher>> create(uv_loop_t* loop, int fd, int events,
                                                   OnReady on_ready);
  FdWatcher(const FdWatcher&) = delete;
  FdWatcher& operator=(const FdWatcher&) = delete;

  /// Changes what is watched; 0 stops.
  void watch(int events);

 private:
  FdWatcher() = default;

  UvOwned<uv_poll_t> poll_;
  OnReady on_ready_;
};

/// Calls `on_signal` on the loop for each delivery of one signal.
class SignalWatcher {
 public:
  static Result<std::unique_ptr<SignalWatcher>> create(uv_loop_t* loop, int signal_number,
                                                       std::function<void()> on_signal);
  SignalWatcher(const SignalWatcher&) = delete;
  SignalWatcher& operator=(const SignalWatcher&) = delete;

 private:
  SignalWatcher() = default;

  UvOwned<uv_signal_t> signal_;
  std::function<void()> on_signal_;
};

}  // namespace lc
