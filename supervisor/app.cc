#include "supervisor/app.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "common/log.h"
#include "proto/error_reasons.h"
#include "proto/subjects.h"
#include "supervisor/exit_codes.h"
#include "supervisor/status.h"

namespace lc::supervisor {
namespace {

constexpr Micros kLoopLook = millis(250);

std::string make_boot_id(const StreamId& stream, WallTime now) {
  return fmt::format("{}.{}.{}", stream.value, getpid(), now.us);
}

}  // namespace

App::App(AppOptions options)
    : options_(std::move(options)),
      clock_(StreamClock::start_now()),
      started_(clock_.mono()),
      boot_id_(make_boot_id(options_.stream, clock_.stream_now())),
      peers_(boot_id_),
      selector_(*Selector::create("")) {}

App::~App() = default;

Result<std::unique_ptr<App>> App::create(AppOptions options) {
  std::unique_ptr<App> app(new App(std::move(options)));
  if (auto built = app->build(); !built) {
    app->close_rest();
    return std::unexpected(built.error());
  }
  return app;
}

Status App::build() {
  LC_TRY(loop_, UvLoop::create());
  LC_TRY(timers_, LoopTimers::create(loop_->get()));
  LC_TRY(selector_, Selector::create(options_.selector));
  LC_TRY(notify_, SdNotify::from_environment());
  LC_TRY(watchdog_interval_, watchdog_interval_from_environment());
  if (options_.embedded_nats) {
    LC_TRY(private_nats_, PrivateNats::start({.store_dir = options_.state_dir}));
    options_.config.nats_url = private_nats_->url();
    options_.config.nats_replicas = 1;
  }
  NatsBusOptions bus_options{.url = options_.config.nats_url};
  bus_options.name = "lcsupervisor " + options_.stream.value;
  LC_TRY(bus_, NatsBus::create(loop_->get(), bus_options));
  if (options_.config.kv_backend == proto::KvBackend::memory) {
    store_ = std::make_unique<MemoryContextStore>();
  } else {
    store_ = std::make_unique<KvContextStore>(*bus_, *timers_, clock_,
                                              proto::ctx_bucket(options_.stream));
  }
  outbox_ = std::make_unique<Outbox>(*bus_);
  if (options_.config.journal) {
    journal_ = std::make_unique<JournalLog>(
        *bus_, *timers_, clock_, options_.stream,
        JournalLog::Hooks{.on_kept = [this](std::int64_t record) { on_kept(record); },
                          .on_lost = [this](const Error& error) { on_journal_lost(error); },
                          .metrics = &metrics_});
  }
  LC_TRY_STATUS(build_fleet());
  if (private_nats_) {
    options_.own_children.push_back(private_nats_->pid());
  }
  for (const pid_t pid : options_.own_children) {
    fleet_->leave_to_owner(pid);
  }
  conductor_ = std::make_unique<Conductor>(
      ConductorParts{*bus_, *timers_, clock_, *fleet_, *outbox_, *store_, metrics_, options_.faults,
                     journal_.get(), [this] { return lease_->is_valid(); }},
      Conductor::Options{
          .rules = {.stream = options_.stream,
                    .validation = options_.config.event_validation,
                    .clock = options_.config.clock},
          .author = {.host = options_.host, .boot_id = boot_id_, .version = LC_VERSION},
          .observer = options_.observer,
          .on_failed_answer =
              [this](const engine::ReactionFailed& failed) { return on_failed_answer(failed); },
          .on_finished = [this] { stop(kExitOk); }});
  conductor_->on_wants_events(
      [this] { bus_->resume_consumer(proto::events_stream(options_.stream)); });
  outbox_->on_progress([this] { conductor_->progressed(); });
  heartbeat_ = std::make_unique<Heartbeat>(
      *bus_, *timers_, clock_, metrics_, options_.config.heartbeat_s,
      [this](proto::Heartbeat& heartbeat) {
        heartbeat.uptime_s = (clock_.mono() - started_).us / 1'000'000;
        fill_heartbeat(heartbeat, options_, standing(), *conductor_, *fleet_);
      });
  if (!options_.admin_socket.empty()) {
    AdminSocket::Hooks hooks{
        .answer = [admin =
                       admin_hooks()](std::string_view line) { return answer_admin(line, admin); },
        .is_worker = [this](pid_t pid) { return fleet_->holds(pid); }};
    LC_TRY(admin_,
           AdminSocket::create(loop_->get(), *timers_, options_.admin_socket, std::move(hooks)));
  }
  build_lease();
  return {};
}

int App::run() {
  for (const int number : {SIGTERM, SIGINT}) {
    auto watcher = SignalWatcher::create(loop_->get(), number, [this] {
      const bool again = phase_ == Phase::draining || phase_ == Phase::stopping;
      again ? stop_workers() : stop(kExitOk);
    });
    if (watcher) {
      signals_.push_back(std::move(*watcher));
    }
  }
  std::signal(SIGPIPE, SIG_IGN);
  bus_->on_state([this](BusState state) { on_bus_state(state); });
  require_timer_ = timers_->arm(clock_.mono() + seconds(options_.require_nats_s), [this] {
    const std::string why = bus_->connect_error();
    log_error(
        "NATS not reached",
        {{"url", options_.config.nats_url}, {"waited_s", options_.require_nats_s}, {"error", why}});
    fmt::print(stderr,
               "cannot reach NATS at {} within {} s ({}); nothing was started. Is nats-server "
               "running? Set --nats or nats_url, or wait longer with --require-nats\n",
               options_.config.nats_url, options_.require_nats_s, why);
    stop(kExitUnavailable);
  });
  loop_->run();
  close_rest();
  return exit_code_;
}

void App::on_bus_state(BusState state) {
  metrics_.nats_connected.set(state == BusState::connected ? 1 : 0);
  if (phase_ == Phase::stopping) {
    return;
  }
  if (state == BusState::disconnected) {
    lost_at_ = clock_.mono();
    fleet_->set_outage(process::Outage::on);
    log_warn("NATS lost", {{"url", options_.config.nats_url}});
    tell_state();
    return;
  }
  if (state != BusState::connected) {
    return;
  }
  if (phase_ == Phase::connecting) {
    begin();
    return;
  }
  lease_->start();
  const Micros away = clock_.mono() - lost_at_;
  log_info("NATS back", {{"url", options_.config.nats_url}, {"away_ms", away.us / 1'000}});
  metrics_.nats_reconnects_total.add();
  fleet_->set_outage(process::Outage::off);
  if (deputy_) {
    report_soon();
  }
  if (phase_ == Phase::asking || phase_ == Phase::standby) {
    return;
  }
  proto::ErrorReport lost{.ts = clock_.stream_now(), .stream = options_.stream};
  lost.reason = proto::kReasonNatsLost;
  lost.message = fmt::format("the connection to NATS was lost for {} ms", away.us / 1'000);
  conductor_->report(std::move(lost));
  store_->retry();
  if (journal_) {
    journal_->retry();
  }
  outbox_->pump();
  conductor_->dispatcher().reconnected();
  tell_state();
}

void App::fail_start(const Error& error) {
  if (error.code == ErrorCode::unavailable) {
    read_again(error);
    return;
  }
  const std::int64_t replicas = options_.config.nats_replicas;
  const bool asks_too_much = error.code == ErrorCode::invalid_input && replicas > 1;
  log_error("start refused", {{"error", error.message}});
  fmt::print(stderr, "{}{}\n", error.message,
             asks_too_much ? fmt::format(" (nats_replicas is {}: set it to 1, or name servers of a "
                                         "cluster that has as many)",
                                         replicas)
                           : "");
  const bool is_config =
      error.code == ErrorCode::conflict || error.code == ErrorCode::invalid_input;
  stop(is_config ? kExitConfig : error.code == ErrorCode::corrupt ? kExitBadData : kExitInternal);
}

void App::on_stream_state(StreamState state) {
  phase_ = Phase::running;
  stream_ = std::move(state);
  StreamSeq start{1};
  if (options_.epoch == EpochChoice::fresh) {
    stream_.epoch.reset();
    stream_.resume.reset();
    start = StreamSeq{stream_.events.last_seq.value + 1};
  }
  if (stream_.epoch) {
    make_engine(*stream_.epoch);
    start = StreamSeq{conductor_->engine()->given_seq().value + 1};
  }
  auto subscribed = bus_->subscribe(
      proto::done_filter(options_.stream),
      [this](const BusMessage& message) { conductor_->dispatcher().on_done(message); });
  if (subscribed) {
    subscribed =
        bus_->consume(proto::events_stream(options_.stream), proto::events_subject(options_.stream),
                      start, [this](const BusMessage& message) { on_event(message); });
  }
  if (!subscribed) {
    fail_start(subscribed.error());
    return;
  }
  add_workers();
  set_enabled(disabled_);
  go_when_kept();
  look_at_hosts();
  end_input_when_due(StreamSeq{start.value - 1});
  announce();
  const auto here = std::ranges::count_if(
      options_.crews, [this](const proto::Manifest& crew) { return selector_.matches(crew.crew); });
  if (here == 0) {
    log_warn("no crew is selected here", {{"selector", options_.selector}});
  }
  log_info("running", {{"stream", options_.stream.value},
                       {"crews", options_.crews.size()},
                       {"crews_here", here},
                       {"from_seq", start.value}});
}

AdminHooks App::admin_hooks() {
  const auto change = [this](const CrewId& crew, engine::Input input) -> Status {
    LC_TRY_STATUS(check_leads());
    if (!conductor_->engine()) {
      return fail(ErrorCode::conflict, "no event has arrived yet: the stream has no time");
    }
    LC_TRY_STATUS(check_crew_exists(crew, options_));
    conductor_->give(std::move(input));
    return {};
  };
  return {
      .status = [this] { return status_json(options_, standing(), *conductor_, *fleet_, *bus_); },
      .metrics =
          [this] {
            metrics_.loop_gap_seconds.set(in_seconds(loop_gap_));
            loop_gap_ = {};
            refresh_gauges(metrics_, *conductor_, *fleet_, *bus_);
            return metrics_.text();
          },
      .crews = [this] { return crews_json(options_, *conductor_, *fleet_); },
      .crew = [this](const CrewId& crew) -> Result<Json> {
        LC_TRY_STATUS(check_crew_exists(crew, options_));
        const auto report = kill_reports_->last(crew);
        return crew_json(crew, options_, *conductor_, *fleet_, report ? *report : "");
      },
      .enable =
          [this, change](const CrewId& crew) {
            return change(crew, engine::EnableCrew{clock_.stream_now(), crew});
          },
      .disable =
          [this, change](const CrewId& crew) {
            return change(crew, engine::DisableCrew{clock_.stream_now(), crew, "by operator"});
          }};
}

void App::on_event(const BusMessage& message) {
  if (phase_ != Phase::running || input_ended_) {
    return;
  }
  if (!conductor_->on_event(message)) {
    bus_->pause_consumer(proto::events_stream(options_.stream));
  }
  if (!conductor_->started() && !epoch_asked_) {
    found_epoch(message);
  }
  end_input_when_due(message.seq);
}

void App::found_epoch(const BusMessage& first) {
  const auto event = proto::parse_event(first.data, options_.config.event_validation);
  if (!event || event->stream != options_.stream) {
    return;  // refused: time starts with the first event that is accepted
  }
  epoch_asked_ = true;
  const bool wall = options_.config.clock == proto::ClockMode::wall;
  const Epoch epoch{.epoch0 = event->ts,
                    .skew = wall ? clock_.stream_now() - event->ts : Micros{},
                    .slice_ms = options_.config.slice_ms};
  const auto on_result = [this](Result<Epoch> created) {
    if (!created) {
      epoch_asked_ = false;  // the next event asks again
      log_warn("epoch not created", {{"error", created.error().message}});
      return;
    }
    make_engine(*created);
    go_when_kept();
  };
  if (options_.epoch == EpochChoice::fresh) {
    bus_->kv_put(proto::ctx_bucket(options_.stream), std::string(kEpochKey), write_epoch(epoch),
                 [on_result, epoch](Result<std::uint64_t> put) {
                   put ? on_result(epoch) : on_result(std::unexpected(put.error()));
                 });
    return;
  }
  create_epoch(*bus_, options_.stream, epoch, on_result);
}

void App::end_input_when_due(StreamSeq seen) {
  const bool due = options_.stop_when == StopWhen::input_ends && !input_ended_ &&
                   seen >= stream_.events.last_seq;
  if (!due) {
    return;
  }
  input_ended_ = true;
  if (conductor_->going()) {
    conductor_->give(engine::InputEnded{clock_.stream_now()});
  } else if (!conductor_->started() && !epoch_asked_) {
    stop(kExitOk);  // not one event was accepted: there is no time to run
  }
}

void App::tell_state() {
  if (auto told = notify_.status(status_line(standing(), *conductor_, bus_->state())); !told) {
    log_warn("service manager not told", {{"error", told.error().message}});
  }
}

/// How long the loop keeps what is due waiting.
void App::watch_loop() {
  const MonoTime now = clock_.mono();
  loop_gap_ = std::max(loop_gap_, now - loop_due_);
  loop_due_ = now + kLoopLook;
  loop_timer_ = timers_->arm(loop_due_, [this] { watch_loop(); });
}

// Fed from the loop itself: a loop that hangs is a supervisor that hangs.
void App::feed_watchdog() {
  if (!watchdog_interval_) {
    return;
  }
  if (auto told = notify_.watchdog(); !told) {
    log_warn("service manager not told", {{"error", told.error().message}});
  }
  watchdog_timer_ = timers_->arm(clock_.mono() + *watchdog_interval_, [this] { feed_watchdog(); });
}

}  // namespace lc::supervisor
