#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/nats_bus.h"
#include "common/result.h"
#include "common/timers.h"
#include "common/uv.h"

namespace lc::cli {

/// A bus on a loop of its own, for a verb that asks one thing after the other and waits for each.
class WaitingBus {
 public:
  struct Options {
    std::string url;
    std::string name;              // shown by the server
    std::int64_t patience_s = 30;  // without a connection, at first and later
  };

  /// Errors: unavailable - no connection in time; invalid_input - the URL cannot be used.
  static Result<std::unique_ptr<WaitingBus>> connect(Options options);
  WaitingBus(const WaitingBus&) = delete;
  WaitingBus& operator=(const WaitingBus&) = delete;
  ~WaitingBus();  // closes the connection

  NatsBus& bus() { return *bus_; }

  /// Runs the loop until `done`; false when it took `wait_ms`.
  ///
  /// Errors: unavailable - no connection for longer than the patience.
  Result<bool> wait_until(const std::function<bool()>& done, std::int64_t wait_ms);

  /// The answer to a call that takes an OnResult<T>.
  template <class T, class Call>
  Result<T> answer(Call call) {
    // Shared with the callback, which may come after we gave up.
    auto result = std::make_shared<std::optional<Result<T>>>();
    call([result](Result<T> got) { *result = std::move(got); });
    LC_TRY(const bool is_answered,
           wait_until([&result] { return result->has_value(); }, kAnswerMsMax));
    return is_answered ? std::move(**result)
                       : fail(ErrorCode::unavailable, options_.url + " does not answer");
  }

 private:
  static constexpr std::int64_t kAnswerMsMax = 30'000;  // the bus itself gives up far earlier

  explicit WaitingBus(Options options) : options_(std::move(options)) {}
  Status open();

  Options options_;
  std::unique_ptr<UvLoop> loop_;
  std::unique_ptr<LoopTimers> timers_;
  std::unique_ptr<NatsBus> bus_;
};

}  // namespace lc::cli
