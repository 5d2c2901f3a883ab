// Real workers around an engine that is played in lock-step: what the supervisor's shell does for a
// live stream, without journal, context store and outbox.

#include "supervisor/cli/crew_stage.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <set>
#include <utility>

#include "common/clock.h"
#include "common/log.h"
#include "common/nats_bus.h"
#include "common/scratch.h"
#include "common/text.h"
#include "common/timers.h"
#include "common/uv.h"
#include "proto/cassette.h"
#include "proto/subjects.h"
#include "supervisor/dispatcher.h"
#include "supervisor/process/cell.h"
#include "supervisor/process/containment.h"
#include "supervisor/process/fleet.h"
#include "supervisor/run_clock.h"

namespace lc::cli {
namespace {

using namespace engine;
using process::Ended;

constexpr Micros kConnectPatience = seconds(30);
constexpr Micros kWorkerGrace = seconds(2);  // for workers to leave by themselves
constexpr std::int64_t kClosePatienceMs = 1'000;
constexpr std::size_t kOutputBytesMax = 2'000;  // of a worker's last words in the log

class CrewStage {
 public:
  CrewStage(rerun::LockStep& play, const StageOptions& options, const PrivateNats& server,
            const OnNote& on_note)
      : play_(play),
        options_(options),
        server_(server),
        on_note_(on_note),
        boot_id_(fmt::format("stage.{}", ::getpid())),
        clock_(StreamClock::start_now()) {
    if (!options_.cassette.empty()) {
      options_.environment[proto::kCassetteVariable] = options_.cassette;
    }
  }

  Status run() {
    result_ = build();
    if (result_) {
      loop_->run();
    }
    close();
    return result_;
  }

 private:
  Status build() {
    LC_TRY(loop_, UvLoop::create());
    LC_TRY(timers_, LoopTimers::create(loop_->get()));
    NatsBusOptions bus_options{.url = server_.url()};
    bus_options.name = "live-crew stage " + options_.stream.value;
    LC_TRY(bus_, NatsBus::create(loop_->get(), bus_options));
    cells_ = process::usable_cells(fmt::format("{}.{}", options_.stream.value, ::getpid()),
                                   {options_.worker_binary, "--version"});
    LC_TRY(fleet_,
           process::Fleet::create(loop_->get(), *timers_, fleet_hooks(), {.cells = cells_.get()}));
    fleet_->leave_to_owner(server_.pid());
    dispatcher_ = std::make_unique<supervisor::Dispatcher>(
        options_.stream, boot_id_, *bus_, *fleet_, *timers_, clock_, dispatcher_hooks());
    for (const int number : {SIGTERM, SIGINT}) {
      LC_TRY(auto watcher, SignalWatcher::create(loop_->get(), number, [this] {
               stop(fail(ErrorCode::denied, "interrupted"));
             }));
      signals_.push_back(std::move(watcher));
    }
    patience_ = timers_->arm(clock_.mono() + kConnectPatience, [this] {
      stop(fail(ErrorCode::unavailable, "the private server does not answer"));
    });
    LC_TRY_STATUS(
        bus_->subscribe(proto::done_filter(options_.stream),
                        [this](const BusMessage& message) { dispatcher_->on_done(message); }));
    bus_->on_state([this](BusState state) { on_state(state); });
    return {};
  }

  supervisor::Dispatcher::Hooks dispatcher_hooks() {
    return {.give = [this](Input input, const std::string& note) { take(std::move(input), note); },
            .may_act = [] { return true; },
            .report =
                [](const proto::ErrorReport& report) {
                  log_warn("answer refused",
                           {{"reason", report.reason}, {"error", report.message}});
                },
            .on_failed_answer =
                [this](const ReactionFailed& failed) {
                  Ended ended = fleet_->portrait(failed.crew);
                  ended.outcome = failed.outcome;
                  ended.words = failed.detail;
                  tell("reaction failed", ended);
                  return std::string();
                },
            .on_lag = [](const CrewId&, Micros) {},
            .on_lost = [](const CrewId&) {},  // no other host has the crew
            .on_reaction = [](const CrewId&, Micros) {}};
  }

  process::FleetHooks fleet_hooks() {
    return {.on_ready = [this](const CrewId& crew) { dispatcher_->worker_ready(crew); },
            .on_reaction_failed =
                [this](const Ended& ended) {
                  tell("reaction failed", ended);
                  dispatcher_->worker_failed({.crew = ended.crew,
                                              .slice = ended.reaction->slice,
                                              .attempt = ended.reaction->attempt,
                                              .outcome = ended.outcome,
                                              .detail = ended.words,
                                              .excuse = ended.excuse});
                },
            .on_idle_failure =
                [this](const Ended& ended) {
                  tell("worker failed", ended);
                  const bool starting = ended.during == "starting" || ended.during == "spawning";
                  IdleFailure failure{.crew = ended.crew,
                                      .outcome = ended.outcome,
                                      .detail = ended.words,
                                      .excuse = ended.excuse};
                  failure.phase = starting ? WorkerPhase::starting : WorkerPhase::resting;
                  dispatcher_->idle_failure(std::move(failure));
                },
            .on_spare_failure = [](const Ended& ended) { tell("spare worker failed", ended); }};
  }

  static std::string end_of(std::string_view output) {
    const std::size_t from = output.size() - std::min(output.size(), kOutputBytesMax);
    return valid_utf8(output.substr(from));
  }

  static void tell(std::string_view what, const Ended& ended) {
    log_warn(what, {{"crew", ended.crew.value},
                    {"outcome", proto::to_string(ended.outcome)},
                    {"detail", ended.words},
                    {"output", end_of(ended.output)}});
  }

  void on_state(BusState state) {
    if (state == BusState::connected && !begun_) {
      begun_ = true;
      timers_->cancel(patience_);
      start_workers();
      go_on();
    } else if (state == BusState::disconnected) {
      stop(fail(ErrorCode::unavailable, "the private server is gone"));
    }
  }

  void start_workers() {
    supervisor::WorkerSpecOptions spec{.stream = options_.stream,
                                       .worker_binary = options_.worker_binary,
                                       .nats_url = server_.url(),
                                       .llm = options_.config.llm,
                                       .require_sandbox = options_.config.require_sandbox,
                                       .boot_id = boot_id_,
                                       .uid = {},
                                       .environment = options_.environment};
    std::set<CrewId> disabled;
    for (const Engine::CrewState& crew : play_.engine().crews()) {
      if (!crew.enabled) {
        disabled.insert(crew.crew);
      }
    }
    for (const proto::Manifest& crew : options_.crews) {
      dispatcher_->run_here(crew.crew);
      process::WorkerSpec worker = worker_spec(crew, spec);
      worker.spares = 0;  // nobody waits for the beat here
      disabled.contains(crew.crew) ? fleet_->add_stopped(std::move(worker))
                                   : fleet_->add(std::move(worker));
    }
  }

  // What crews answer may come while orders are carried out: then it waits its turn.
  void take(Input input, const std::string& note) {
    if (stopping_) {
      return;
    }
    if (auto* failed = std::get_if<ReactionFailed>(&input)) {
      hide_cassette(failed->detail);
    }
    if (on_note_) {
      on_note_(input, note);
    }
    play_.answer(std::move(input));
    is_answered_ = true;
    if (!busy_) {
      go_on();
    }
  }

  // Where a cassette lies is no part of what happened.
  void hide_cassette(std::string& words) const {
    const std::size_t at =
        options_.cassette.empty() ? std::string::npos : words.find(options_.cassette);
    if (at != std::string::npos) {
      words.replace(at, options_.cassette.size(), options_.cassette_shown);
    }
  }

  void go_on() {
    busy_ = true;
    do {
      is_answered_ = false;
      for (Effect& effect : play_.go()) {
        carry_out(effect);
      }
    } while (is_answered_);
    busy_ = false;
    if (play_.is_done()) {
      stop({});
    }
  }

  void carry_out(Effect& effect) {
    if (auto* dispatch = std::get_if<Dispatch>(&effect)) {
      dispatcher_->dispatch(std::move(dispatch->ready));
    } else if (const auto* disabled = std::get_if<CrewDisabled>(&effect)) {
      const bool by_strikes = disabled->by == DisabledBy::strikes;
      dispatcher_->cancel(disabled->crew,
                          by_strikes ? proto::Outcome::spawn_failed : proto::Outcome::admin,
                          "the crew was disabled: " + disabled->reason);
      fleet_->stop(disabled->crew);
    } else if (const auto* enabled = std::get_if<CrewEnabled>(&effect)) {
      fleet_->start(enabled->crew);
    }
  }

  void stop(Status result) {
    if (stopping_) {
      return;
    }
    stopping_ = true;
    result_ = std::move(result);
    timers_->cancel(patience_);
    dispatcher_->stop();
    fleet_->shutdown(kWorkerGrace,
                     [this] { bus_->close(kClosePatienceMs, [this] { loop_->stop(); }); });
  }

  void close() {
    signals_.clear();
    dispatcher_.reset();
    fleet_.reset();
    const auto temporary = options_.environment.find("TMPDIR");
    remove_left_scratch(temporary == options_.environment.end() ? "/tmp" : temporary->second);
    cells_.reset();
    bus_.reset();
    if (timers_) {
      timers_->cancel(patience_);
    }
    timers_.reset();
    if (loop_) {
      loop_->close();
    }
  }

  rerun::LockStep& play_;
  StageOptions options_;
  const PrivateNats& server_;
  const OnNote& on_note_;
  std::string boot_id_;  // orders are addressed to it
  supervisor::RunClock clock_;
  std::unique_ptr<UvLoop> loop_;
  std::unique_ptr<LoopTimers> timers_;
  std::unique_ptr<NatsBus> bus_;
  std::unique_ptr<process::Cells> cells_;
  std::unique_ptr<process::Fleet> fleet_;
  std::unique_ptr<supervisor::Dispatcher> dispatcher_;
  std::vector<std::unique_ptr<SignalWatcher>> signals_;
  TimerId patience_;
  bool begun_ = false;
  bool busy_ = false;
  bool is_answered_ = false;  // while busy_
  bool stopping_ = false;
  Status result_;
};

}  // namespace

Status play_on_stage(rerun::LockStep& play, const StageOptions& options, const PrivateNats& server,
                     const OnNote& on_note) {
  return CrewStage(play, options, server, on_note).run();
}

}  // namespace lc::cli
