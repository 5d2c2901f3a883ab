#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/bus.h"
#include "common/ids.h"
#include "common/timers.h"
#include "proto/error_report.h"
#include "proto/outcome.h"
#include "proto/slice.h"
#include "supervisor/done_gate.h"
#include "supervisor/engine/input.h"
#include "supervisor/hosts.h"
#include "supervisor/nonce.h"
#include "supervisor/process/fleet.h"
#include "supervisor/report_limit.h"
#include "supervisor/run_clock.h"

namespace lc::supervisor {

/// Cuts a `ready` that is larger than `bytes_max` into numbered parts; one message when it fits.
///
/// Shape: each part is `LC-PART <id> <i> <n>\n` (i from 1) and the i-th stretch of the text.
std::vector<std::string> ready_parts(std::string text, const std::string& id,
                                     std::int64_t bytes_max);

/// Wakes crews and takes their answers: addresses `ready` to a host on which a worker of the crew
/// is there to hear it, and turns every way a reaction can end into one engine input.
///
/// Where several hosts have a crew, they take turns. A worker of this host is watched from the
/// publication on; one of another host is watched there, and what nobody works on there any more is
/// lost, and dispatched anew.
///
/// A server that dies takes along what was on its way, and only its own clients learn of it: what
/// is not answered is published again after pauses that grow to half a minute.
class Dispatcher {
 public:
  struct Hooks {
    std::function<void(engine::Input, std::string note)> give;  // note: Conductor::give
    std::function<bool()> may_act;  // false: nobody is woken now, `go_on` tries again
    std::function<void(proto::ErrorReport)> report;
    /// A worker that lives answered that its reaction failed: what is known of it, as JSON.
    std::function<std::string(const engine::ReactionFailed&)> on_failed_answer;
    std::function<void(const CrewId&, Micros)> on_lag;       // beat decided -> ready published
    std::function<void(const CrewId&)> on_lost;              // a reaction of it, dispatched anew
    std::function<void(const CrewId&, Micros)> on_reaction;  // ready published -> answer accepted
  };

  /// `boot_id`: of this run of the supervisor.
  Dispatcher(StreamId stream, std::string boot_id, Bus& bus, process::Fleet& fleet, Timers& timers,
             RunClock& clock, Hooks hooks);

  void run_here(const CrewId& crew) { local_.insert(crew); }
  bool runs_here(const CrewId& crew) const { return local_.contains(crew); }
  void dispatch(proto::Ready ready);
  void on_done(const BusMessage& message);

  // What this host's workers do.
  void worker_ready(const CrewId& crew);
  void worker_taken(const CrewId& crew, const proto::Order& order);
  void worker_answered(const CrewId& crew);
  /// An armed reaction will never be done.
  void worker_failed(engine::ReactionFailed failed);
  void idle_failure(engine::IdleFailure failure);

  /// What workers of another host do. Returns whether it is to be answered at once.
  bool hear(const proto::HostReport& report);
  /// Looks at what other hosts have: to be called several times a second. Returns who is gone.
  std::vector<Hosts::Gone> look();
  /// Nothing could be heard until now, whoever's fault that was: what is judged by silence is
  /// judged later.
  void listen_again();
  const Hosts& hosts() const { return hosts_; }
  /// What other hosts are told: all but who we are and which crews are disabled.
  proto::Orders orders() const;

  /// The connection is back: what was published meanwhile may be lost, so it is published again,
  /// now and a few times more, for workers whose own connections come back after ours. A worker
  /// knows the nonce and does not react twice.
  void reconnected();

  /// We may act again: publishes what could not be.
  void go_on();

  /// Nothing is published any more.
  void stop();

  /// Drops what waits for a crew that was disabled; a reaction that no worker has got yet ends so.
  void cancel(const CrewId& crew, proto::Outcome outcome, std::string detail);

 private:
  struct Reaction {
    proto::Ready ready;
    std::string tag;  // of its nonce
    MonoTime decided;
    MonoTime published;
    bool is_published = false;
    bool is_taken = false;             // another host's worker said so
    std::string holder_name;           // of the host that it is addressed to
    MonoTime waits_from;               // for the word of its host; later after a silence of ours
    std::optional<MonoTime> answered;  // since when its worker says so, and no answer came
    TimerId again;                     // asks once more
    std::size_t asked = 0;

    proto::Order order() const { return {ready.slice, ready.attempt, tag}; }
    std::optional<MonoTime> deadline() const;
  };

  void publish(Reaction& reaction);
  void publish_again();
  void ask_again_later(Reaction& reaction);
  void accept(DoneAccepted accepted);
  void refuse(DoneRefused refused);
  bool send(const proto::Ready& ready);
  std::int64_t payload_max() const;
  void end(const CrewId& crew);
  Reaction* find(const CrewId& crew, const proto::Order& order);
  void reaction_failed(engine::ReactionFailed failed);
  void arm(const CrewId& crew, const proto::Order& order, std::optional<MonoTime> deadline);
  std::string next_host(const CrewId& crew) const;
  bool is_elsewhere(const Reaction& reaction) const;
  bool is_armed(const Reaction& reaction) const;
  bool disarm(const CrewId& crew);
  void taken_elsewhere(const std::string& boot_id, const CrewId& crew, const proto::Order& order);
  void failed_elsewhere(const proto::HostFailure& failure, const std::string& host);
  std::string why_lost(const CrewId& crew, Reaction& reaction, MonoTime now);
  bool is_overdue(const Reaction& reaction, MonoTime now) const;
  void lose(const CrewId& crew, std::string why);

  StreamId stream_;
  std::string boot_id_;
  Bus& bus_;
  process::Fleet& fleet_;
  Timers& timers_;
  RunClock& clock_;
  Hooks hooks_;
  DoneGate gate_;
  ReportLimit refusals_;
  NonceSource nonces_;
  std::set<CrewId> local_;
  std::map<CrewId, Reaction> reactions_;  // one in flight per crew
  std::map<CrewId, proto::Order> armed_;  // what the fleet watches
  std::map<CrewId, proto::Order> ended_;  // the last one of each crew
  std::map<CrewId, std::string> last_;    // the host that had the last order: boot_id
  std::map<CrewId, int> untaken_;         // orders in a row that no worker took
  Hosts hosts_;
  TimerId again_;
  std::size_t again_count_ = 0;  // since the connection is back
  bool stopped_ = false;
};

}  // namespace lc::supervisor
