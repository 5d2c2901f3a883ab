#pragma once

#include <uv.h>

#include <deque>
#include <functional>

namespace lc {

/// Work that may take long because of a disk, done on a thread of libuv's pool: one piece at a
/// time, in order. A piece touches nothing but what it was given.
class Background {
 public:
  /// At most `waiting_max` pieces wait; `loop` outlives this.
  Background(uv_loop_t* loop, std::size_t waiting_max) : loop_(loop), waiting_max_(waiting_max) {}
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  /// Waits for the piece that is being done; the others are dropped. Nothing else may be on `loop`
  /// that needs to be told.
  ~Background();

  /// False: too many wait already, and nothing will be done.
  bool run(std::function<void()> work);

 private:
  void next();
  static void on_work(uv_work_t* request) noexcept;
  static void on_done(uv_work_t* request, int status) noexcept;

  uv_loop_t* loop_;
  std::size_t waiting_max_;
  uv_work_t request_{};
  std::function<void()> current_;
  std::deque<std::function<void()>> waiting_;
};

}  // namespace lc
