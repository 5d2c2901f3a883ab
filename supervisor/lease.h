#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "common/boot_time.h"
#include "common/bus.h"
#include "common/time.h"
#include "common/timers.h"
#include "supervisor/run_clock.h"

namespace lc::supervisor {

inline constexpr std::int64_t kLeaseTtlMs = 5'000;
inline constexpr std::int64_t kLeaseRenewMs = 1'500;
inline constexpr std::int64_t kLeaseMarginMs = 500;  // given up so long before its end
inline constexpr std::int64_t kLeaseAskMsMin = 400;  // a standby asks this often, or less so
inline constexpr std::int64_t kLeaseAskMsSpread = 400;
inline constexpr std::int64_t kLeaseRetryMs = 250;  // after no answer

/// The right to run a stream: one key that ends by itself when its holder does not renew it. It
/// says who should lead; that nobody else can, the journal proves.
///
/// Who sits where the holder sat knows that the holder is no more, and does not wait for the key's
/// end. The holder's right ends before the key does, measured with the clock that also counts
/// sleep: a process that was stopped finds it gone before it has done anything.
class Lease {
 public:
  struct Hooks {
    std::function<void()> on_held;                    // ours from now on
    std::function<void()> on_renewed;                 // ours again after a doubt, or still
    std::function<void(const std::string&)> on_lost;  // another's, who is named; never ours again
    std::function<void(const std::string&)> on_standby;  // another holds it, who is named; each one
    std::function<void(const Error&)> on_refused;        // the server cannot keep leases
  };

  struct Options {
    StreamId stream;
    std::string host;
    std::string boot_id;
    std::string seat;  // only one supervisor at a time has it; empty: we have none
    StreamSpec::Storage storage = StreamSpec::Storage::file;
    int replicas = 1;
  };

  Lease(Bus& bus, Timers& timers, std::function<MonoTime()> mono, std::function<BootTime()> boot,
        Options options, Hooks hooks);
  ~Lease();
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  /// Asks for it, again and again, until it is ours. Called again after a reconnection: asks now.
  void start();

  /// Whether we may act.
  bool is_valid() const;

  /// Which of the stream's leases ours is: grows with each holder and renewal; 0: none.
  std::uint64_t revision() const { return revision_; }

  /// Gives it up so that another one has it at once; then `on_released`, whether that worked or
  /// not.
  void release(std::function<void()> on_released);

  /// Whether another one's giving it up was seen: `message` is what the key's subject carried.
  void on_key(const BusMessage& message);

 private:
  enum class State { idle, preparing, asking, standby, held, ended };

  void prepare();
  void ask();
  void wait_to_ask();
  void renew();
  void look();
  void inherit(std::uint64_t revision);
  void take_over(std::uint64_t revision, BootTime asked);
  void lose(const std::string& holder);
  void after(std::int64_t ms, void (Lease::*next)());
  std::string value() const;

  Bus& bus_;
  Timers& timers_;
  std::function<MonoTime()> mono_;
  std::function<BootTime()> boot_;
  Options options_;
  Hooks hooks_;
  std::string bucket_;
  State state_ = State::idle;
  bool busy_ = false;  // a request has no answer yet
  std::uint64_t revision_ = 0;
  bool told_ = false;   // that it is ours
  std::string leader_;  // boot_id of the last other holder
  BootTime until_;
  std::uint64_t jitter_;
  TimerId timer_;
};

}  // namespace lc::supervisor
