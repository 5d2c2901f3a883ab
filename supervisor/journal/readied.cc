#include "supervisor/journal/readied.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "common/json.h"
#include "proto/parts.h"
#include "proto/reader.h"

namespace lc::journal {

using namespace engine;

namespace {

proto::RecordedOutcome outcome_of(const ReactionDone& done, std::int64_t record) {
  return {
      .record = record, .outcome = proto::Outcome::ok, .diff = done.diff, .actions = done.actions};
}

proto::RecordedOutcome outcome_of(const ReactionFailed& failed, std::int64_t record) {
  return {.record = record,
          .outcome = failed.outcome,
          .detail = failed.detail,
          .excuse = failed.excuse,
          .worker = failed.worker.empty() ? "{}" : failed.worker};
}

Status read_note(const std::string& note, proto::RecordedOutcome& outcome) {
  auto split = split_json_object(note, kRecordLimits);
  if (!split) {
    return fail(ErrorCode::corrupt, "the note of an answer: " + split.error().message);
  }
  proto::Problems problems;
  proto::ObjectReader reader(std::move(split->fields), {}, problems);
  if (reader.has("t_ms")) {
    outcome.t_ms = reader.integer("t_ms", proto::kCount);
  }
  if (reader.has("usage")) {
    outcome.usage = reader.object_text("usage");
  }
  outcome.model_calls = proto::read_model_calls(reader);
  reader.finish(proto::UnknownFields::ignored);
  if (!problems.empty()) {
    return fail(ErrorCode::corrupt, problems.error("the note of an answer").error().message);
  }
  return {};
}

}  // namespace

void Readied::before(const EngineOptions& options, const Engine& engine, const Input& input) {
  const bool is_known =
      std::ranges::find(options.crews, crew_, &CrewSpec::crew) != options.crews.end();
  is_crew_known_ = is_crew_known_ || is_known;
  if (!std::exchange(begun_, true) && is_known) {
    begin(options, engine.checkpoint());
  }
  is_answer_ = is_known && is_awaited(engine, input);
}

void Readied::begin(const EngineOptions& options, const Checkpoint& state) {
  const CrewCheckpoint& crew = state.crews.at(crew_);
  if (crew.in_flight && crew.in_flight->ready.slice == slice_) {
    add(options, crew.in_flight->ready, 0);
  }
  // A crew that is not at its beat is judged for the slice before the open one.
  too_early_ = attempts_.empty() && slice_.value + 1 < state.snapshot.slice.value;
  done_ = too_early_;
}

void Readied::after(const EngineOptions& options, const Engine& engine, const Input& input,
                    const Effects& effects, std::int64_t record) {
  open_ = engine.open_slice();
  if (done_) {
    return;
  }
  // What was in flight ends by an input; what that input sets off may be the next attempt.
  if (const auto* done = std::get_if<ReactionDone>(&input); done != nullptr && is_answer_) {
    end(done->crew, done->slice, done->attempt, outcome_of(*done, record));
  } else if (const auto* failed = std::get_if<ReactionFailed>(&input);
             failed != nullptr && is_answer_) {
    end(failed->crew, failed->slice, failed->attempt, outcome_of(*failed, record));
  }
  for (const Effect& effect : effects) {
    if (const auto* ended = std::get_if<ReactionEnded>(&effect)) {
      // By an operator's order, or because its crew was disabled when the stream was taken up.
      end(ended->crew, ended->slice, ended->attempt, {.record = record, .outcome = ended->outcome});
    } else if (const auto* dispatch = std::get_if<Dispatch>(&effect)) {
      if (dispatch->ready.crew != crew_) {
        continue;
      }
      if (dispatch->ready.slice == slice_) {
        add(options, dispatch->ready, record);
        continue;
      }
      if (nearby_.size() == kNearbyMax) {
        nearby_.pop_front();
      }
      nearby_.push_back(dispatch->ready.slice);
      done_ = done_ || dispatch->ready.slice > slice_;
    }
  }
  const bool has_ended = !attempts_.empty() && attempts_.back().outcome.has_value();
  done_ = done_ || (has_ended && open_.value > slice_.value + 1);
}

// An answer to nothing in flight is told to the engine too, which ignores it.
bool Readied::is_awaited(const Engine& engine, const Input& input) const {
  const auto is_ours = [this](const auto* answer) {
    return answer != nullptr && answer->crew == crew_ && answer->slice == slice_;
  };
  const auto* done = std::get_if<ReactionDone>(&input);
  const auto* failed = std::get_if<ReactionFailed>(&input);
  if (!is_ours(done) && !is_ours(failed)) {
    return false;
  }
  const Attempt attempt = done != nullptr ? done->attempt : failed->attempt;
  const Checkpoint state = engine.checkpoint();
  const auto& in_flight = state.crews.at(crew_).in_flight;
  return in_flight && !in_flight->answered && in_flight->ready.slice == slice_ &&
         in_flight->ready.attempt == attempt;
}

void Readied::add(const EngineOptions& options, proto::Ready ready, std::int64_t record) {
  ready.nonce = proto::kRecordedNonce;
  const auto spec = std::ranges::find(options.crews, crew_, &CrewSpec::crew);
  attempts_.push_back({.record = record,
                       .attempts = 1,
                       .crew_file = spec == options.crews.end() ? 0 : spec->fingerprint,
                       .ready = std::move(ready),
                       .outcome = {}});
  for (proto::RecordedReaction& each : attempts_) {
    each.attempts = attempts_.back().ready.attempt.value;
  }
}

void Readied::end(const CrewId& crew, SliceIndex slice, Attempt attempt,
                  proto::RecordedOutcome outcome) {
  if (crew != crew_ || slice != slice_) {
    return;
  }
  for (proto::RecordedReaction& each : attempts_) {
    if (each.ready.attempt == attempt && !each.outcome) {
      each.outcome = std::move(outcome);
      return;
    }
  }
}

bool Readied::wants_notes(std::int64_t record) const {
  return std::ranges::any_of(attempts_, [record](const proto::RecordedReaction& each) {
    return each.outcome && each.outcome->record == record;
  });
}

Status Readied::add_notes(const Record& record) {
  for (const RecordedInput& recorded : record.inputs) {
    const auto* input = std::get_if<Input>(&recorded.what);
    if (input == nullptr || recorded.note.empty()) {
      continue;
    }
    for (proto::RecordedReaction& each : attempts_) {
      const auto is_its = [&each](const auto& answer) {
        return answer.crew == each.ready.crew && answer.slice == each.ready.slice &&
               answer.attempt == each.ready.attempt;
      };
      const auto* done = std::get_if<ReactionDone>(input);
      const auto* failed = std::get_if<ReactionFailed>(input);
      const bool is_of_it =
          (done != nullptr && is_its(*done)) || (failed != nullptr && is_its(*failed));
      if (is_of_it && each.outcome && each.outcome->record == record.n) {
        LC_TRY_STATUS(read_note(recorded.note, *each.outcome));
      }
    }
  }
  return {};
}

}  // namespace lc::journal
