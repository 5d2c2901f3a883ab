#include "supervisor/starting.h"

#include <algorithm>
#include <utility>

namespace lc::supervisor {
namespace {

engine::EngineOptions engine_options(const AppOptions& options, const Epoch& epoch) {
  const proto::LiveConfig& config = options.config;
  engine::EngineOptions out{.stream = options.stream,
                            .epoch0 = epoch.epoch0,
                            .skew = epoch.skew,
                            .slice_ms = epoch.slice_ms,
                            .lateness_ms = config.lateness_ms,
                            .clock = config.clock,
                            .late_policy = config.late_policy};
  out.future_tolerance_seconds = config.event_validation.future_tolerance_seconds;
  out.ctx_max_bytes = config.ctx_max_bytes;
  out.backlog_max_batches = config.backlog_max_batches;
  out.context_keys = config.context_keys;
  for (const proto::Manifest& crew : options.crews) {
    out.crews.push_back(engine::crew_spec(crew));
  }
  return out;
}

engine::Checkpoint from_context(const engine::EngineOptions& options,
                                const std::optional<proto::Snapshot>& stored, WallTime now) {
  engine::Checkpoint checkpoint = engine::checkpoint_of(stored.value_or(proto::Snapshot{}));
  if (options.clock == proto::ClockMode::wall) {
    // What closed while nobody was here is past: its events are late ones of the open slice.
    SliceIndex& open = checkpoint.snapshot.slice;
    open =
        std::max(open, slice_index(now - options.skew, options.epoch0, millis(options.slice_ms)));
  }
  return checkpoint;
}

// A disabling outlives the time that it was made in. What was given then is not given again.
engine::Checkpoint only_disabled(const engine::Engine& engine) {
  const engine::Checkpoint before = engine.checkpoint();
  engine::Checkpoint checkpoint;
  checkpoint.seen_seq = engine.given_seq();
  for (const auto& [id, crew] : before.crews) {
    if (!crew.enabled) {
      checkpoint.crews[id] = {.enabled = false,
                              .disabled_why = crew.disabled_why,
                              .disabled_by = crew.disabled_by,
                              .fingerprint = crew.fingerprint};
    }
  }
  return checkpoint;
}

}  // namespace

Starting starting_point(const AppOptions& options, const Epoch& epoch, Past past, WallTime now) {
  Recovered& recovered = past.recovered;
  Starting out{.options = engine_options(options, epoch), .journal = {}, .letters = {}};
  out.journal.end = recovered.end;
  out.journal.loss = recovered.loss;
  if (!recovered.replay) {
    out.options.resume = from_context(out.options, past.context, now);
    out.journal.settled = {.record = recovered.end.n, .action_seq = {}};
    return out;
  }
  const journal::Replay& replay = *recovered.replay;
  out.letters = {replay.letters().begin(), replay.letters().end()};
  out.journal.settled = replay.settled();
  out.journal.letters = out.letters;
  const engine::EngineOptions& before = replay.options();
  // A new epoch may begin with an event that has the time of the old one's first.
  if (options.epoch == EpochChoice::keep && before.epoch0 == epoch.epoch0 &&
      before.slice_ms == epoch.slice_ms) {
    out.options.resume = replay.engine().checkpoint();
  } else {
    out.journal.why = journal::CheckpointWhy::epoch;
    out.options.resume = only_disabled(replay.engine());
  }
  return out;
}

std::set<CrewId> still_disabled(const AppOptions& options, const Recovered& recovered) {
  std::set<CrewId> disabled;
  if (!recovered.replay) {
    return disabled;
  }
  for (const auto& [id, crew] : recovered.replay->engine().checkpoint().crews) {
    const auto file = std::ranges::find(options.crews, id, &proto::Manifest::crew);
    const bool is_repaired = crew.disabled_by == engine::DisabledBy::strikes &&
                             file != options.crews.end() && file->fingerprint != crew.fingerprint;
    if (!crew.enabled && !is_repaired) {
      disabled.insert(id);
    }
  }
  return disabled;
}

Resend resend(std::vector<journal::Letter> letters, const std::set<std::string>& known,
              proto::ClockMode clock, WallTime now) {
  Resend out;
  for (journal::Letter& letter : letters) {
    const bool is_action = letter.to == journal::Letter::To::actions;
    if (is_action && known.contains(letter.msg_id)) {
      continue;
    }
    if (is_action && clock == proto::ClockMode::wall && letter.expires < now) {
      out.expired.push_back(std::move(letter.msg_id));
      continue;
    }
    out.letters.push_back(std::move(letter));
  }
  return out;
}

}  // namespace lc::supervisor
