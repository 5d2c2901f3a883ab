// What the conductor does about each effect, beside what it holds back for its record.

#include <fmt/format.h>

#include <algorithm>

#include "common/log.h"
#include "proto/error_reasons.h"
#include "proto/subjects.h"
#include "supervisor/conductor.h"

namespace lc::supervisor {
namespace {

constexpr std::size_t kLoggedBytesMax = 2'000;  // of an error's detail

}  // namespace

void Conductor::carry_out(engine::Dispatch& effect) {
  dispatcher_.dispatch(std::move(effect.ready));
  parts_.faults.pass("dispatched");
}

void Conductor::carry_out(engine::PublishAction& effect) {
  parts_.metrics.actions_sent_total.of(effect.action.kind.value).add();
}

void Conductor::broadcast(const engine::PublishSnapshot& effect) {
  const proto::Snapshot& snapshot = effect.snapshot;
  // A beat that cannot be sent now is not worth sending later: the next one replaces it.
  if (!parts_.bus.publish(proto::ctx_subject(options_.rules.stream),
                          proto::write_snapshot(snapshot))) {
    log_debug("snapshot not broadcast", {{"slice", snapshot.slice.value}});
  }
  observe_beat_delay(snapshot.slice);
  if (effect.change == engine::SnapshotChange::changed || snapshot.event_seq != stored_seq_) {
    stored_seq_ = snapshot.event_seq;
    parts_.store.put(snapshot);
    parts_.metrics.ctx_bytes.set(
        static_cast<double>(proto::write_context(snapshot.context).size()));
  }
}

void Conductor::carry_out(engine::ReportError& effect) {
  const std::string& reason = effect.report.reason;
  if (reason == proto::kReasonContextConflict) {
    parts_.metrics.ctx_conflicts_total.add();
  } else if (reason == proto::kReasonCtxSize) {
    parts_.metrics.ctx_dropped_keys_total.add();
  } else if (reason == proto::kReasonBacklogOverflow && effect.report.crew) {
    parts_.metrics.batches_dropped_total.of(effect.report.crew->value).add();
  }
  tell(engine::published(effect));
}

void Conductor::carry_out(engine::ReactionEnded& effect) {
  parts_.metrics.reactions_total.of(effect.crew.value, proto::to_string(effect.outcome)).add();
}

void Conductor::carry_out(engine::CrewStruck& effect) {
  parts_.metrics.strikes_total.of(effect.crew.value).add();
}

void Conductor::carry_out(engine::CrewDisabled& effect) {
  log_error("crew disabled", {{"crew", effect.crew.value}, {"reason", effect.reason}});
  parts_.metrics.crew_enabled.of(effect.crew.value).set(0);
  const bool by_strikes = effect.by == engine::DisabledBy::strikes;
  dispatcher_.cancel(effect.crew, by_strikes ? proto::Outcome::spawn_failed : proto::Outcome::admin,
                     "the crew was disabled: " + effect.reason);
  if (dispatcher_.runs_here(effect.crew)) {
    parts_.fleet.stop(effect.crew);
  }
}

void Conductor::carry_out(engine::CrewEnabled& effect) {
  log_info("crew enabled", {{"crew", effect.crew.value}});
  parts_.metrics.crew_enabled.of(effect.crew.value).set(1);
  if (dispatcher_.runs_here(effect.crew)) {
    parts_.fleet.start(effect.crew);
  }
}

void Conductor::carry_out(engine::EventBinned& effect) {
  if (effect.orig_slice) {
    parts_.metrics.events_late_total.add();
  }
}

void Conductor::carry_out(engine::SliceClosed& effect) {
  parts_.metrics.slices_total.add();
  if (effect.events > 0 || !effect.ready.empty()) {
    log_debug("slice complete", {{"slice", effect.slice.value},
                                 {"events", effect.events},
                                 {"ready", static_cast<std::int64_t>(effect.ready.size())},
                                 {"waiting", static_cast<std::int64_t>(effect.waiting.size())}});
  }
}

void Conductor::carry_out(engine::Finished&) {
  if (options_.on_finished) {
    options_.on_finished();
  }
}

void Conductor::report(proto::ErrorReport report) {
  tell(report);
  parts_.outbox.send(proto::errors_subject(options_.rules.stream),
                     proto::write_error_report(report), next_report_id());
}

std::string Conductor::next_report_id() {
  return fmt::format("{}.{}", options_.author.boot_id, ++reports_);
}

void Conductor::tell(const proto::ErrorReport& report) {
  parts_.metrics.errors_total.of(label_of(report.crew)).add();
  log_warn(
      "error reported",
      {{"reason", report.reason},
       {"crew", report.crew ? LogValue(report.crew->value) : std::nullopt},
       {"slice", report.slice ? LogValue(report.slice->value) : std::nullopt},
       {"error", report.message},
       {"detail", report.detail == "{}" ? LogValue(std::nullopt)
                                        : LogValue(report.detail.substr(0, kLoggedBytesMax))}});
}

// Anybody who may publish can name a crew: only our own become labels.
std::string_view Conductor::label_of(const std::optional<CrewId>& crew) const {
  const auto known = [&crew](const engine::CrewSpec& spec) { return spec.crew == *crew; };
  return crew && std::ranges::any_of(engine_options_.crews, known) ? crew->value
                                                                   : std::string_view{};
}

void Conductor::observe_beat_delay(SliceIndex opened) {
  if (engine_options_.clock != proto::ClockMode::wall) {
    return;
  }
  const Micros slice = millis(engine_options_.slice_ms);
  const WallTime due = slice_start(opened, engine_options_.epoch0, slice) + engine_options_.skew +
                       millis(engine_options_.lateness_ms);
  parts_.metrics.beat_delay_seconds.observe(in_seconds(parts_.clock.stream_now() - due));
}

}  // namespace lc::supervisor
