#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/time.h"
#include "proto/outcome.h"
#include "supervisor/process/ending.h"

// The life of one crew's worker as a pure machine: told what happened and when, it answers with
// what to do. The table of states and events is in README.md, and tested pair by pair.
namespace lc::process {

enum class State {
  stopped,     // no process, and none wanted: not started yet, or shut down
  spawning,    // a process was ordered
  starting,    // it runs, but has not said `ready`
  idle,        // subscribed, nothing to do
  reacting,    // owes a `done`
  leaving,     // its standard input was closed: it should go by itself
  killing,     // SIGKILL was sent, or it died: its processes are not yet proven gone
  unkillable,  // they are still there after kill_timeout; no other may start beside them
  backoff,     // failed: waits before it starts again
  disabled,    // no process, until it is enabled
};
inline constexpr int kStateCount = 10;

enum class EventKind {
  start,         // begin, unless disabled
  enable,        // an operator wants it up: begin at once, delays anew
  disable,       // an operator, or the strikes, want it down
  shutdown,      // the supervisor leaves: nothing starts again
  spawned,       // the ordered process runs
  spawn_failed,  // it could not be made
  ready,         // the worker said that it is subscribed
  failed,        // the worker said why it cannot start
  armed,         // a reaction was published to it
  disarmed,      // the reaction's `done` was accepted
  broken,        // it broke the contract
  exited,        // its leader is dead, not yet reaped
  tree_gone,     // none of its processes is left
  deadline,      // next_deadline() may have passed
};
inline constexpr int kEventCount = 14;

std::string_view to_string(State state);
std::string_view to_string(EventKind kind);

struct Event {
  EventKind kind = EventKind::start;
  std::optional<MonoTime> until;                      // armed: the deadline; shutdown: end of grace
  proto::Outcome outcome = proto::Outcome::protocol;  // broken
  std::string detail;                                 // broken, failed, spawn_failed
  ExitStatus exit;                                    // exited
  std::int64_t jitter_ppm = 0;                        // tree_gone, spawn_failed: +-kJitterPpmMax
};

enum class OrderKind {
  spawn,
  close_stdin,
  kill_tree,  // and go on until the tree is proven gone
  report_ready,
  report_reaction_failed,
  report_idle_failure,
};

struct Order {
  OrderKind kind = OrderKind::spawn;
  proto::Outcome outcome = proto::Outcome::ok;  // reports only
  std::string detail;                           // reports only; words for a person

  bool operator==(const Order&) const = default;
};
using Orders = std::vector<Order>;

struct LifecycleOptions {
  Micros init_timeout = seconds(30);
  Micros kill_timeout = seconds(2);
  Micros kill_interval = seconds(5);
};

inline constexpr std::int64_t kJitterPpmMax = 200'000;

/// How long a worker waits before it starts again, after its `failures`-th failure in a row.
Micros restart_delay(std::int64_t failures, std::int64_t jitter_ppm);

class Lifecycle {
 public:
  explicit Lifecycle(LifecycleOptions options) : options_(options) {}

  /// Takes one event; impossible ones are ignored, except that a process nobody wants is killed.
  Orders on(const Event& event, MonoTime now);

  /// When an EventKind::deadline is due; an earlier one changes nothing.
  std::optional<MonoTime> next_deadline() const;

  State state() const { return state_; }
  bool owes_reaction() const { return reaction_armed_; }
  std::int64_t failures() const { return failures_; }  // in a row, since the last reaction done

  /// Whether a `done` that arrives now still counts.
  bool accepts_done() const;

 private:
  enum class Wanted { up, down, never_again };

  /// Why the process is going, kept until its tree is gone.
  struct Cause {
    proto::Outcome outcome = proto::Outcome::ok;
    std::string words;
    std::optional<MonoTime> missed;  // the deadline that it missed
    Micros overshoot;                // SIGKILL - missed
  };

  Orders on_no_process(const Event& event, MonoTime now);
  Orders on_spawning(const Event& event, MonoTime now);
  Orders on_alive(const Event& event, MonoTime now);
  Orders on_dying(const Event& event, MonoTime now);
  Orders on_passed(MonoTime now);

  Orders spawn();
  Orders arm(const Event& event);
  Orders disarm();
  Orders leave(const Event& event);
  Orders kill(Cause cause, MonoTime now);
  Orders finish(const Event& event, MonoTime now);
  Order report(std::string_view suffix);
  void rest(std::int64_t jitter_ppm, MonoTime now);

  LifecycleOptions options_;
  State state_ = State::stopped;
  Wanted wanted_ = Wanted::up;
  std::optional<MonoTime> state_deadline_;     // init, grace, kill or restart, by state
  std::optional<MonoTime> reaction_deadline_;  // only while the reaction can still be done
  bool reaction_armed_ = false;
  bool reported_ = false;  // the cause was told to the caller
  std::int64_t failures_ = 0;
  std::string failed_words_;  // what the worker said before it was ready
  Cause cause_;
};

}  // namespace lc::process
