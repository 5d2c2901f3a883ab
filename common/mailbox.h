#pragma once

#include <uv.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "common/result.h"
#include "common/time.h"
#include "common/uv.h"

namespace lc {

// The two queues between threads, with the only two locks that the project needs. A value moves
// in on one side and out on the other; nothing is shared.

struct QueueLimits {
  std::size_t items_max = 0;
  std::size_t bytes_max = 0;  // sum of the weights given to push()
};

/// Values from any thread to the loop, in the order pushed; the loop is woken once a batch.
template <class T>
class Mailbox {
 public:
  using OnWake = std::function<void()>;

  /// `on_wake` runs on the loop when values have arrived: it calls `take`, at once or later.
  static Result<std::unique_ptr<Mailbox>> create(uv_loop_t* loop, QueueLimits limits,
                                                 OnWake on_wake) {
    std::unique_ptr<Mailbox> box(new Mailbox(limits, std::move(on_wake)));
    auto async = std::make_unique<uv_async_t>();
    if (int code = uv_async_init(loop, async.get(), &Mailbox::on_async); code != 0) {
      return std::unexpected(uv_error("creating a mailbox", code));
    }
    async->data = box.get();
    box->async_.reset(async.release());
    return box;
  }
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  ~Mailbox() { close(); }

  /// Any thread. False: full or closed, and `value` is left as it was.
  bool push(T& value, std::size_t bytes) { return insert(value, bytes, limits_); }

  /// Any thread: a value that must not be refused, because its number is bounded elsewhere (an
  /// answer to a request). False only when closed.
  bool push_always(T& value, std::size_t bytes) {
    return insert(value, bytes, {.items_max = SIZE_MAX, .bytes_max = SIZE_MAX});
  }

  /// Loop: swaps everything that has arrived into `batch`, which is emptied first.
  void take(std::vector<T>& batch) {
    batch.clear();
    std::lock_guard lock(mutex_);
    batch.swap(items_);
    bytes_ = 0;
  }

  /// Loop: runs `on_wake` in the next turn, for work put off to let other handles run.
  void wake() {
    if (async_ != nullptr) {
      uv_async_send(async_.get());
    }
  }

  /// Loop: from now on pushes are refused; what is inside is dropped.
  void close() {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
      items_.clear();
    }
    while (wakers_.load() != 0) {  // somebody is inside uv_async_send: microseconds
      std::this_thread::yield();
    }
    async_.reset();
  }

 private:
  Mailbox(QueueLimits limits, OnWake on_wake) : limits_(limits), on_wake_(std::move(on_wake)) {}

  bool insert(T& value, std::size_t bytes, QueueLimits limits) {
    {
      std::lock_guard lock(mutex_);
      if (closed_ || items_.size() >= limits.items_max || bytes_ + bytes > limits.bytes_max) {
        return false;
      }
      items_.push_back(std::move(value));
      bytes_ += bytes;
      if (items_.size() > 1) {
        return true;  // whoever pushed the first one wakes the loop
      }
      wakers_.fetch_add(1);
    }
    uv_async_send(async_.get());
    wakers_.fetch_sub(1);
    return true;
  }

  static void on_async(uv_async_t* async) {
    if (async->data != nullptr) {
      static_cast<Mailbox*>(async->data)->on_wake_();
    }
  }

  const QueueLimits limits_;
  OnWake on_wake_;
  UvOwned<uv_async_t> async_;
  std::atomic<int> wakers_ = 0;
  std::mutex mutex_;  // guards items_, bytes_, closed_
  std::vector<T> items_;
  std::size_t bytes_ = 0;
  bool closed_ = false;
};

/// Values to one thread that waits for them, in the order pushed.
template <class T>
class BlockingQueue {
 public:
  explicit BlockingQueue(QueueLimits limits) : limits_(limits) {}

  /// Any thread. False: full or closed, and `value` is left as it was.
  bool push(T& value, std::size_t bytes) { return insert(value, bytes, limits_); }

  /// Any thread: a value that must not be refused, because its number is bounded elsewhere.
  bool push_always(T& value) {
    return insert(value, 0, {.items_max = SIZE_MAX, .bytes_max = SIZE_MAX});
  }

  /// Any thread: like push_always, but the receiver need not hurry: it sees the value when it wakes
  /// for something else, or at its deadline.
  bool push_quietly(T value) {
    std::lock_guard lock(mutex_);
    if (!closed_) {
      items_.push_back(std::move(value));
    }
    return !closed_;
  }

  /// Any thread: moves the whole batch in and wakes the receiver once; `batch` is empty after it.
  bool push_always(std::vector<T>& batch) {
    {
      std::lock_guard lock(mutex_);
      if (closed_ || batch.empty()) {
        return !closed_;
      }
      for (T& value : batch) {
        items_.push_back(std::move(value));
      }
    }
    batch.clear();
    arrived_.notify_one();
    return true;
  }

  /// The receiving thread: swaps everything that has arrived into `batch` (emptied first), waiting
  /// for the first value until `deadline`. False: closed, and nothing is left.
  bool take(std::vector<T>& batch, MonoTime deadline) {
    using Clock = std::chrono::steady_clock;  // CLOCK_MONOTONIC
    const Clock::time_point until{std::chrono::microseconds(deadline.us)};
    batch.clear();
    std::unique_lock lock(mutex_);
    arrived_.wait_until(lock, until, [this] { return closed_ || !items_.empty(); });
    batch.swap(items_);
    bytes_ = 0;
    return !closed_ || !batch.empty();
  }

  /// Any thread: refuses what comes from now on; what is inside can still be taken.
  void close() {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    arrived_.notify_one();
  }

 private:
  bool insert(T& value, std::size_t bytes, QueueLimits limits) {
    std::lock_guard lock(mutex_);
    if (closed_ || items_.size() >= limits.items_max || bytes_ + bytes > limits.bytes_max) {
      return false;
    }
    items_.push_back(std::move(value));
    bytes_ += bytes;
    // Under the lock: this value may be what tells the receiver that the queue can go.
    arrived_.notify_one();
    return true;
  }

  const QueueLimits limits_;
  std::mutex mutex_;  // guards items_, bytes_, closed_
  std::condition_variable arrived_;
  std::vector<T> items_;
  std::size_t bytes_ = 0;
  bool closed_ = false;
};

}  // namespace lc
