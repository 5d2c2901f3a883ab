#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/bus.h"
#include "common/metrics.h"
#include "common/nats_bus.h"
#include "common/private_nats.h"
#include "common/sd_notify.h"
#include "common/timers.h"
#include "common/uv.h"
#include "supervisor/admin_api.h"
#include "supervisor/admin_socket.h"
#include "supervisor/app_options.h"
#include "supervisor/bootstrap.h"
#include "supervisor/conductor.h"
#include "supervisor/context_store.h"
#include "supervisor/coverage.h"
#include "supervisor/deputy.h"
#include "supervisor/fault_points.h"
#include "supervisor/heartbeat.h"
#include "supervisor/journal_log.h"
#include "supervisor/kill_reports.h"
#include "supervisor/lease.h"
#include "supervisor/outbox.h"
#include "supervisor/peers.h"
#include "supervisor/process/cell.h"
#include "supervisor/process/fleet.h"
#include "supervisor/run_clock.h"
#include "supervisor/selector.h"
#include "supervisor/standing.h"
#include "supervisor/starting.h"
#include "supervisor/worker_spec.h"

namespace lc::supervisor {

/// The supervisor: builds the parts in the order of their dependencies, starts and stops them.
class App {
 public:
  /// Errors: what keeps the process from starting at all.
  static Result<std::unique_ptr<App>> create(AppOptions options);
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  /// Runs until told to stop. Returns the process's exit code.
  int run();

  /// Stops, from a callback on the loop; reactions in flight may end first.
  enum class HowToStop { drain, at_once };
  void stop(int exit_code, HowToStop how = HowToStop::drain);

  const Metrics& metrics() const { return metrics_; }
  Bus& bus() { return *bus_; }

 private:
  explicit App(AppOptions options);
  Status build();
  Status build_fleet();
  process::FleetHooks fleet_hooks();
  AdminHooks admin_hooks();

  void on_bus_state(BusState state);
  void build_lease();
  void begin();
  void on_lease_held();
  void on_standby(const std::string& holder);
  void on_lease_lost(const std::string& holder);
  void give_way(const std::string& why, int exit_code);
  void announce();
  Standing standing() const;
  bool is_selected(const CrewId& crew) const { return selector_.matches(crew); }
  Status check_leads() const;

  void on_host_report(const BusMessage& message);
  void look_at_hosts();
  void look_at_coverage();
  void publish_orders();
  std::vector<CrewId> disabled_crews() const;
  void serve_leader();
  void on_orders(const BusMessage& message);
  void report_soon();
  void report_now(Deputy::Leaving leaving = Deputy::Leaving::no);
  void report_on();
  void leave_leader();
  void read_stream();
  void read_again(const Error& error);
  void read_journal(StreamState state);
  void on_stream_state(StreamState state);
  void add_workers();
  void set_enabled(const std::set<CrewId>& disabled);
  void on_event(const BusMessage& message);
  void found_epoch(const BusMessage& first);
  void make_engine(const Epoch& epoch);
  void go_when_kept();
  void on_kept(std::int64_t record);
  void on_journal_lost(const Error& error);
  void read_actions();
  void take_action(const BusMessage& message, StreamSeq last);
  void go(const std::set<std::string>& known);
  void tell_of_expired(const std::vector<std::string>& ids);
  void end_input_when_due(StreamSeq seen);
  void fail_start(const Error& error);
  void tell_state();
  void on_reaction_failed(const process::Ended& ended);
  void on_idle_failure(const process::Ended& ended);
  void on_taken_for_leader(const CrewId& crew, const proto::Order& order);
  void on_answered_for_leader(const CrewId& crew);
  void on_failed_for_leader(const process::Ended& ended, proto::FailurePhase phase,
                            const std::string& facts);
  std::string on_failed_answer(const engine::ReactionFailed& failed);
  std::string keep_report(std::string_view what, const process::Ended& ended);
  void feed_watchdog();
  void watch_loop();

  void drain();
  void stop_workers();
  void await_settled();
  void close_bus();
  void close_rest();

  AppOptions options_;
  std::unique_ptr<UvLoop> loop_;
  std::unique_ptr<LoopTimers> timers_;
  RunClock clock_;
  MonoTime started_;
  Metrics metrics_;
  std::string boot_id_;  // of this run
  Peers peers_;
  Selector selector_;
  std::unique_ptr<PrivateNats> private_nats_;
  std::unique_ptr<NatsBus> bus_;
  std::unique_ptr<ContextStore> store_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<JournalLog> journal_;  // null: the configuration says so
  std::unique_ptr<KillReports> kill_reports_;
  std::unique_ptr<process::Cells> cells_;
  std::unique_ptr<process::Fleet> fleet_;
  std::unique_ptr<Conductor> conductor_;
  std::unique_ptr<Heartbeat> heartbeat_;
  std::unique_ptr<Lease> lease_;
  std::unique_ptr<AdminSocket> admin_;
  SdNotify notify_;
  std::vector<std::unique_ptr<SignalWatcher>> signals_;

  enum class Phase {
    connecting,
    asking,   // for the lease
    standby,  // another one has it
    reading,
    running,
    draining,
    stopping
  } phase_ = Phase::connecting;
  bool announced_ = false;
  std::optional<Deputy> deputy_;  // while another one leads
  std::string leader_;            // host name of that one
  bool workers_added_ = false;
  Coverage coverage_;
  std::set<CrewId> told_disabled_;  // by the last orders
  TimerId hosts_timer_;
  TimerId report_timer_;
  MonoTime look_due_;
  MonoTime orders_due_;
  MonoTime report_due_;
  StreamState stream_;
  Recovered recovered_;
  std::set<CrewId> disabled_;             // by the journal
  std::optional<std::int64_t> fence_;     // the record that must be kept before anything goes
  std::vector<journal::Letter> letters_;  // of earlier runs, that may not have arrived
  StreamSeq actions_seen_;                // what the stream of actions had of theirs
  std::set<std::string> known_actions_;   // after that: ids
  bool epoch_asked_ = false;
  bool input_ended_ = false;
  int exit_code_ = 0;
  MonoTime lost_at_;
  TimerId require_timer_;
  TimerId drain_timer_;
  MonoTime drain_deadline_;
  TimerId retry_timer_;  // of what the server did not answer while we started
  TimerId settle_timer_;
  MonoTime settle_deadline_;
  TimerId watchdog_timer_;
  std::optional<Micros> watchdog_interval_;
  TimerId loop_timer_;
  MonoTime loop_due_;
  Micros loop_gap_;  // longest since the metrics were last read
};

}  // namespace lc::supervisor
