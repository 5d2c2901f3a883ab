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
  starting,    // it runs, but has not said `ready` (a spare: `standby`)
  standby,     // a spare: all is done but the subscription
  idle,        // subscribed, nothing to do
  reacting,    // owes a `done`
  leaving,     // its standard input was closed: it should go by itself
  killing,     // SIGKILL was sent, or it died: its processes are not yet proven gone
  unkillable,  // they are still there after kill_timeout; no other may start beside them
  backoff,     // failed: waits before it starts again
  disabled,    // no process, until it is enabled
};
inline constexpr int kStateCount = 11;

enum class EventKind {
  start,         // begin, unless disabled
  enable,        // an operator wants it up: begin at once, delays anew
  disable,       // an operator, or the strikes, want it down
  shutdown,      // the supervisor leaves: nothing starts again
  spawned,       // the ordered process runs
  spawn_failed,  // it could not be made
  standby,       // the spare worker said that it waits
  ready,         // the worker said that it is subscribed
  failed,        // the worker said why it cannot start
  armed,         // a reaction was published to it
  progress,      // the worker said that its reaction goes on
  disarmed,      // the reaction's `done` was accepted
  broken,        // it broke the contract
  exited,        // its leader is dead, not yet reaped
  tree_gone,     // none of its processes is left
  promote,       // it is the crew's worker from now on: a spare that waits is to subscribe
  demote,        // without a process: the next one is a spare
  deadline,      // next_deadline() may have passed
};
inline constexpr int kEventCount = 18;

std::string_view to_string(State state);
std::string_view to_string(EventKind kind);

struct Event {
  EventKind kind = EventKind::start;
  std::optional<MonoTime> until;                      // armed: the deadline; shutdown: end of grace
  std::optional<Micros> idle;                         // armed: how long it may tell no progress
  proto::Outcome outcome = proto::Outcome::protocol;  // broken
  std::string detail;                                 // broken, failed, spawn_failed
  ExitStatus exit;                                    // exited
  Memory memory = Memory::enough;                     // exited
  Micros delay;  // tree_gone, spawn_failed: before it may start again
};

enum class OrderKind {
  spawn,
  close_stdin,
  subscribe,  // tell the spare to take over
  kill_tree,  // and go on until the tree is proven gone
  report_ready,
  report_reaction_failed,
  report_idle_failure,
};

/// Why a process went, and when.
struct Failure {
  proto::Outcome outcome = proto::Outcome::ok;
  std::string words;                 // for a person
  std::optional<MonoTime> deadline;  // that it missed
  MonoTime ended;                    // SIGKILL was decided, or its death was seen
  State during = State::stopped;
  bool unkillable = false;  // its processes are still there

  bool operator==(const Failure&) const = default;
};

struct Order {
  OrderKind kind = OrderKind::spawn;
  Failure failure = {};  // report_reaction_failed, report_idle_failure

  bool operator==(const Order&) const = default;
};
using Orders = std::vector<Order>;

struct LifecycleOptions {
  Micros init_timeout = seconds(30);
  Micros subscribe_timeout = seconds(2);  // of a spare that takes over; init_timeout if shorter
  Micros kill_timeout = seconds(2);
  Micros kill_interval = seconds(5);
};

enum class Role { active, spare };

/// Whether an ending says that something went wrong, whoever's fault it is.
bool is_failure(proto::Outcome outcome);

class Lifecycle {
 public:
  explicit Lifecycle(LifecycleOptions options) : options_(options) {}

  /// Takes one event; impossible ones are ignored, except that a process nobody wants is killed.
  Orders on(const Event& event, MonoTime now);

  /// When an EventKind::deadline is due; an earlier one changes nothing.
  std::optional<MonoTime> next_deadline() const;

  State state() const { return state_; }
  Role role() const { return role_; }
  bool owes_reaction() const { return reaction_armed_; }
  const Failure& cause() const { return cause_; }  // of the process that goes, or went last

  /// Whether a `done` that arrives now still counts.
  bool accepts_done() const;

 private:
  enum class Wanted { up, down, never_again };

  Orders on_role(const Event& event, MonoTime now);
  Orders on_no_process(const Event& event, MonoTime now);
  Orders on_spawning(const Event& event, MonoTime now);
  Orders on_alive(const Event& event, MonoTime now);
  Orders on_dying(const Event& event, MonoTime now);
  Orders on_passed(MonoTime now);

  Orders spawn();
  Orders on_kill_overdue(MonoTime now);
  Orders arm(const Event& event, MonoTime now);
  Orders disarm();
  void forget_reaction_deadlines();
  Orders leave(const Event& event);
  Orders on_standby(MonoTime now);
  Orders subscribe(MonoTime now);
  Orders kill(Failure cause, MonoTime now);
  Orders finish(const Event& event, MonoTime now);
  Order report() const;
  void rest(Micros delay, MonoTime now);

  LifecycleOptions options_;
  State state_ = State::stopped;
  Wanted wanted_ = Wanted::up;
  Role role_ = Role::active;
  std::optional<MonoTime> state_deadline_;     // init, grace, kill or restart, by state
  std::optional<MonoTime> reaction_deadline_;  // only while the reaction can still be done
  std::optional<Micros> idle_timeout_;
  std::optional<MonoTime> idle_deadline_;
  bool reaction_armed_ = false;
  bool reported_ = false;     // the cause was told to the caller
  std::string failed_words_;  // what the worker said before it was ready
  Failure cause_;             // kept until the next one
};

}  // namespace lc::process
