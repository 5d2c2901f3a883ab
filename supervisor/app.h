#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/bus.h"
#include "common/metrics.h"
#include "common/nats_bus.h"
#include "common/private_nats.h"
#include "common/sd_notify.h"
#include "common/timers.h"
#include "common/uv.h"
#include "proto/config.h"
#include "proto/manifest.h"
#include "supervisor/admin_api.h"
#include "supervisor/admin_socket.h"
#include "supervisor/bootstrap.h"
#include "supervisor/conductor.h"
#include "supervisor/context_store.h"
#include "supervisor/crew_states.h"
#include "supervisor/heartbeat.h"
#include "supervisor/kill_reports.h"
#include "supervisor/outbox.h"
#include "supervisor/process/cell.h"
#include "supervisor/process/fleet.h"
#include "supervisor/run_clock.h"
#include "supervisor/selector.h"
#include "supervisor/worker_spec.h"

namespace lc::supervisor {

enum class StopWhen { told, input_ends };  // input_ends: event clock, when today's events are done
enum class EpochChoice { keep, fresh };

/// Everything that a run of the supervisor is given; already checked.
struct AppOptions {
  StreamId stream;
  std::vector<proto::Manifest> crews;
  proto::LiveConfig config;
  std::string selector;  // empty: every crew
  std::string worker_binary;
  bool embedded_nats = false;  // start a private server instead of using config.nats_url
  std::string state_dir;       // of the private server; empty: temporary
  std::int64_t require_nats_s = 30;
  StopWhen stop_when = StopWhen::told;
  EpochChoice epoch = EpochChoice::keep;
  std::string admin_socket;  // path; empty: none
  std::string kill_reports;  // folder; empty: kept in memory only
  std::string host;
  Environment environment;
  std::vector<pid_t> own_children;  // of this process, not workers: left alone
  EffectObserver observer;
};

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

  /// Drains and stops, from a callback on the loop.
  void stop(int exit_code);

  const Metrics& metrics() const { return metrics_; }
  Bus& bus() { return *bus_; }

 private:
  explicit App(AppOptions options);
  Status build();
  Status build_fleet();
  process::FleetHooks fleet_hooks();
  AdminHooks admin_hooks();

  void on_bus_state(BusState state);
  void begin();  // the first connection is there
  void read_crew_states(StreamState state);
  void on_stream_state(StreamState state);
  void start_workers();
  void on_event(const BusMessage& message);
  void found_epoch(const BusMessage& first);
  void start_engine(const Epoch& epoch);
  void end_input_when_due(StreamSeq seen);
  void fail_start(const Error& error);
  void tell_state();
  void on_idle_failure(const process::Ended& ended);
  std::string on_failed_answer(const engine::ReactionFailed& failed);
  std::string keep_report(std::string_view what, const process::Ended& ended);
  void feed_watchdog();
  void watch_loop();

  void drain();
  void stop_workers();
  void close_bus();
  void close_rest();

  AppOptions options_;
  std::unique_ptr<UvLoop> loop_;
  std::unique_ptr<LoopTimers> timers_;
  RunClock clock_;
  MonoTime started_;
  Metrics metrics_;
  Selector selector_;
  std::unique_ptr<PrivateNats> private_nats_;
  std::unique_ptr<NatsBus> bus_;
  std::unique_ptr<ContextStore> store_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<CrewStates> crew_states_;
  std::unique_ptr<KillReports> kill_reports_;
  std::unique_ptr<process::Cells> cells_;
  std::unique_ptr<process::Fleet> fleet_;
  std::unique_ptr<Conductor> conductor_;
  std::unique_ptr<Heartbeat> heartbeat_;
  std::unique_ptr<AdminSocket> admin_;
  SdNotify notify_;
  std::vector<std::unique_ptr<SignalWatcher>> signals_;

  enum class Phase { connecting, reading, running, draining, stopping } phase_ = Phase::connecting;
  StreamState stream_;
  bool epoch_asked_ = false;
  bool input_ended_ = false;
  int exit_code_ = 0;
  MonoTime lost_at_;
  TimerId require_timer_;
  TimerId drain_timer_;
  MonoTime drain_deadline_;
  TimerId watchdog_timer_;
  std::optional<Micros> watchdog_interval_;
  TimerId loop_timer_;
  MonoTime loop_due_;
  Micros loop_gap_;  // longest since the metrics were last read
};

}  // namespace lc::supervisor
