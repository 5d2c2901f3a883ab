// The workers as the App sees them: how they start, and what is made of what the fleet tells.

#include <fmt/format.h>
#include <unistd.h>

#include <set>

#include "common/log.h"
#include "proto/error_reasons.h"
#include "supervisor/app.h"
#include "supervisor/kill_report.h"
#include "supervisor/process/containment.h"
#include "supervisor/status.h"

namespace lc::supervisor {

Status App::build_fleet() {
  kill_reports_ = std::make_unique<KillReports>(loop_->get(), options_.kill_reports);
  cells_ = process::usable_cells(fmt::format("{}.{}", options_.stream.value, ::getpid()),
                                 {options_.worker_binary, "--version"});
  if (cells_->level() != process::Containment::cgroup) {
    log_warn("no cgroups for workers",
             {{"containment", process::to_string(cells_->level())}, {"error", cells_->why()}});
  }
  LC_TRY_STATUS(check_containment(options_, *cells_));
  for (const auto& unenforced : cells_->unenforced()) {
    log_info("limit not enforced here", {{"limit", unenforced.limit}, {"reason", unenforced.why}});
  }
  LC_TRY(fleet_,
         process::Fleet::create(loop_->get(), *timers_, fleet_hooks(), {.cells = cells_.get()}));
  return {};
}

/// Makes a place for the worker of each crew that is selected here; none runs yet.
void App::add_workers() {
  if (std::exchange(workers_added_, true)) {
    return;
  }
  const proto::LiveConfig& config = options_.config;
  const auto uids = proto::parse_uid_range(config.worker_uids);
  WorkerSpecOptions spec_options{
      .stream = options_.stream,
      .worker_binary = options_.worker_binary,
      .nats_url = config.worker_nats_url.empty() ? config.nats_url : config.worker_nats_url,
      .llm = config.llm,
      .require_sandbox = config.require_sandbox,
      .boot_id = boot_id_,
      .environment = options_.environment};
  std::set<std::string> unenforced;
  for (const auto& limit : cells_->unenforced()) {
    unenforced.insert(limit.limit);
  }
  std::int64_t index = -1;
  for (const proto::Manifest& crew : options_.crews) {
    ++index;
    if (uids) {
      spec_options.uid = uids->first + index;
    }
    if (!is_selected(crew.crew)) {
      log_info("crew not selected here", {{"crew", crew.crew.value}});
      continue;
    }
    if (crew.limits.memory_mb && unenforced.contains("memory_mb")) {
      log_warn("limit not enforced here", {{"crew", crew.crew.value},
                                           {"limit", "memory_mb"},
                                           {"value", *crew.limits.memory_mb},
                                           {"file", crew.where.file}});
    }
    conductor_->dispatcher().run_here(crew.crew);
    fleet_->add_stopped(worker_spec(crew, spec_options));
  }
}

/// Lets the workers run of all crews that are selected here but these.
void App::set_enabled(const std::set<CrewId>& disabled) {
  for (const proto::Manifest& crew : options_.crews) {
    const bool enabled = !disabled.contains(crew.crew);
    metrics_.crew_enabled.of(crew.crew.value).set(enabled ? 1 : 0);
    if (!is_selected(crew.crew)) {
      continue;
    }
    if (enabled) {
      fleet_->start(crew.crew);
    } else {
      log_warn("crew stays disabled", {{"crew", crew.crew.value}});
      fleet_->stop(crew.crew);
    }
  }
}

process::FleetHooks App::fleet_hooks() {
  return {.on_ready =
              [this](const CrewId& crew) {
                metrics_.worker_starts_total.of(crew.value).add();
                if (deputy_) {
                  deputy_->ready(crew);
                  report_soon();
                } else {
                  conductor_->dispatcher().worker_ready(crew);
                }
              },
          .on_taken =
              [this](const CrewId& crew, const proto::Order& order) {
                if (deputy_) {
                  on_taken_for_leader(crew, order);
                } else {
                  conductor_->dispatcher().worker_taken(crew, order);
                }
              },
          .on_answered =
              [this](const CrewId& crew) {
                if (deputy_) {
                  on_answered_for_leader(crew);
                } else {
                  conductor_->dispatcher().worker_answered(crew);
                }
              },
          .on_reaction_failed = [this](const process::Ended& ended) { on_reaction_failed(ended); },
          .on_idle_failure = [this](const process::Ended& ended) { on_idle_failure(ended); },
          .on_spare_failure =
              [this](const process::Ended& ended) { keep_report("spare worker failed", ended); }};
}

void App::on_reaction_failed(const process::Ended& ended) {
  const std::string facts = keep_report("reaction failed", ended);
  if (deputy_) {
    on_failed_for_leader(ended, proto::FailurePhase::reacting, facts);
    return;
  }
  conductor_->dispatcher().worker_failed({.crew = ended.crew,
                                          .slice = ended.reaction->slice,
                                          .attempt = ended.reaction->attempt,
                                          .outcome = ended.outcome,
                                          .detail = ended.words,
                                          .excuse = ended.excuse,
                                          .worker = facts});
}

void App::on_idle_failure(const process::Ended& ended) {
  const bool starting = ended.during == "starting" || ended.during == "spawning";
  engine::IdleFailure failure{.crew = ended.crew,
                              .outcome = ended.outcome,
                              .detail = ended.words,
                              .excuse = ended.excuse,
                              .worker = keep_report("worker failed", ended)};
  if (deputy_) {
    on_failed_for_leader(ended,
                         starting ? proto::FailurePhase::starting : proto::FailurePhase::resting,
                         failure.worker);
    return;
  }
  failure.phase = starting ? engine::WorkerPhase::starting : engine::WorkerPhase::resting;
  if (!conductor_->started()) {  // told now; strikes count once the stream has time
    proto::ErrorReport report{.ts = clock_.stream_now(), .stream = options_.stream};
    report.reason = starting ? proto::kReasonWorkerInitFailed : proto::kReasonWorkerFailed;
    report.message = ended.words;
    report.crew = ended.crew;
    report.detail = fmt::format(R"({{"outcome":"{}","worker":{}}})",
                                proto::to_string(ended.outcome), failure.worker);
    conductor_->report(std::move(report));
    failure.is_reported = true;
  }
  conductor_->dispatcher().idle_failure(std::move(failure));
}

/// The worker lives, its program or its model failed: the end of its output says more.
std::string App::on_failed_answer(const engine::ReactionFailed& failed) {
  process::Ended ended = fleet_->portrait(failed.crew);
  ended.reaction = process::Reaction{failed.slice, failed.attempt};
  ended.outcome = failed.outcome;
  ended.words = failed.detail;
  ended.during = "reacting";
  return keep_report("reaction failed", ended);
}

/// Logs and keeps what is known of a worker that ended; its facts for an `__error`.
std::string App::keep_report(std::string_view what, const process::Ended& ended) {
  const std::string path =
      ended.pid == 0 ? ""
                     : kill_reports_->keep(ended.crew, write_kill_report(ended, options_.stream,
                                                                         clock_.stream_now()));
  std::string facts = worker_facts(ended, path);
  log_warn(what, {{"crew", ended.crew.value},
                  {"slice", ended.reaction ? LogValue(ended.reaction->slice.value) : std::nullopt},
                  {"outcome", proto::to_string(ended.outcome)},
                  {"detail", ended.words},
                  {"worker", facts},
                  {"output", last_lines(ended.output)}});
  if (ended.overshoot_us) {
    metrics_.kill_overshoot_seconds.observe(in_seconds({*ended.overshoot_us}));
  }
  if (ended.tree_gone_us) {
    metrics_.tree_gone_seconds.observe(in_seconds({*ended.tree_gone_us}));
  }
  return facts;
}

}  // namespace lc::supervisor
