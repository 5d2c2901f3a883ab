// A reaction's writes are known with its answer, count when the answer is applied (ReactionEnded),
// and are merged at the next beat (PublishSnapshot). What became of them there is told by the
// errors that follow in the same beat.

#include "supervisor/journal/blame.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <variant>

#include "common/json.h"
#include "proto/error_reasons.h"

namespace lc::journal {

using namespace engine;

namespace {

EventBrief brief_of(const proto::BatchEvent& event) {
  EventBrief brief{.seq = event.seq, .kind = {}, .ts = {}};
  const auto members = json_members(event.text);
  for (const JsonField& field : members ? *members : std::vector<JsonField>{}) {
    if (field.key == "kind") {
      brief.kind = json_string_value(field.text).value_or("");
    } else if (field.key == "ts") {
      brief.ts = json_string_value(field.text).value_or("");
    }
  }
  return brief;
}

Woken woken_of(const proto::Ready& ready, std::int64_t record) {
  Woken woken{.crew = ready.crew,
              .slice = ready.slice,
              .attempt = ready.attempt,
              .record = record,
              .events = {},
              .events_more = 0,
              .needs = {}};
  for (const proto::BatchEvent& event : ready.events) {
    if (woken.events.size() < kCauseEventsMax) {
      woken.events.push_back(brief_of(event));
    } else {
      ++woken.events_more;
    }
  }
  for (const auto& [crew, result] : ready.needs) {
    woken.needs.emplace_back(CrewId{crew}, result.slice);
  }
  return woken;
}

std::string text_member(const JsonObject& object, std::string_view key) {
  const Json* value = find(object, key);
  const std::string* text = value == nullptr ? nullptr : as_string(*value);
  return text == nullptr ? std::string() : *text;
}

}  // namespace

void Blame::before(const Engine& engine) {
  if (!begun_) {
    begun_ = true;
    seed(engine.checkpoint());
  }
}

void Blame::seed(const Checkpoint& state) {
  for (const auto& [id, crew] : state.crews) {
    if (crew.in_flight) {
      remember(crew.in_flight->ready, 0);
    }
  }
  for (const Answer& answer : state.answers) {
    if (const auto* done = std::get_if<ReactionDone>(&answer)) {
      answers_[done->crew] = *done;
    }
  }
  for (const PendingDiff& pending : state.diffs) {
    KeyWrite like{.crew = pending.crew, .slice = pending.slice, .lamport = pending.lamport};
    Cause cause{.depth = 0, .known = Cause::Known::no, .reaction = {}};
    cause.reaction.crew = pending.crew;
    cause.reaction.slice = pending.slice;
    like.causes = {std::move(cause)};
    add_writes(pending.diff, like);
  }
}

void Blame::remember(const proto::Ready& ready, std::int64_t record) {
  in_flight_[ready.crew] = woken_of(ready, record);
}

void Blame::after(const Input& input, const Effects& effects, std::int64_t record) {
  if (const auto* done = std::get_if<ReactionDone>(&input)) {
    const auto flying = in_flight_.find(done->crew);
    if (flying != in_flight_.end() && flying->second.slice == done->slice &&
        flying->second.attempt == done->attempt) {
      answers_[done->crew] = *done;
    }
  }
  for (const Effect& effect : effects) {
    if (done_) {
      return;
    }
    if (const auto* dispatch = std::get_if<Dispatch>(&effect)) {
      remember(dispatch->ready, record);
    } else if (const auto* end = std::get_if<ReactionEnded>(&effect)) {
      ended(*end, record);
    } else if (const auto* snapshot = std::get_if<PublishSnapshot>(&effect)) {
      commit(*snapshot);
    } else if (const auto* error = std::get_if<ReportError>(&effect)) {
      judge(*error);
    } else if (const auto* closed = std::get_if<SliceClosed>(&effect)) {
      settle_beat();
      done_ = at_ && closed->slice >= *at_;
    }
  }
}

void Blame::ended(const ReactionEnded& effect, std::int64_t record) {
  auto flying = in_flight_.extract(effect.crew);
  auto answer = answers_.extract(effect.crew);
  if (effect.outcome != proto::Outcome::ok || flying.empty() || answer.empty()) {
    return;
  }
  const ReactionDone& done = answer.mapped();
  if (done.diff.set.contains(key_) ||
      std::ranges::find(done.diff.remove, key_) != done.diff.remove.end()) {
    add_writes(done.diff, {.crew = effect.crew,
                           .slice = effect.slice,
                           .attempt = effect.attempt,
                           .lamport = done.lamport,
                           .record = record,
                           .causes = causes_of(flying.mapped())});
  }
  auto& completed = completed_[effect.crew];
  completed[effect.slice] = std::move(flying.mapped());
  if (completed.size() > kReactionsMax) {
    completed.erase(completed.begin());
  }
}

// Within a diff, what it deletes comes before what it sets.
void Blame::add_writes(const proto::ContextDiff& diff, const KeyWrite& like) {
  if (std::ranges::find(diff.remove, key_) != diff.remove.end()) {
    writes_.push_back(like);
  }
  if (const auto set = diff.set.find(key_); set != diff.set.end()) {
    writes_.push_back(like);
    writes_.back().value = set->second;
  }
}

void Blame::commit(const PublishSnapshot& effect) {
  const SliceIndex beat{effect.snapshot.slice.value - 1};
  if (at_ && beat > *at_) {
    done_ = true;
    writes_.resize(merged_);  // what waits is merged too late
    return;
  }
  revision_ = effect.snapshot.revision;
  const auto first = writes_.begin() + static_cast<std::ptrdiff_t>(merged_);
  std::stable_sort(first, writes_.end(), [](const KeyWrite& a, const KeyWrite& b) {
    return std::tie(a.slice, a.lamport, a.crew) < std::tie(b.slice, b.lamport, b.crew);
  });
  for (auto write = first; write != writes_.end(); ++write) {
    write->beat = beat;
    write->revision = effect.snapshot.revision;
    write->fate = Fate::stands;
  }
  of_beat_ = writes_.size() - merged_;
  merged_ = writes_.size();
}

void Blame::judge(const ReportError& effect) {
  const std::string& reason = effect.report.reason;
  const bool is_conflict = reason == proto::kReasonContextConflict;
  const bool is_truncation = reason == proto::kReasonCtxSize;
  if (!is_conflict && !is_truncation && reason != proto::kReasonContextRefused) {
    return;
  }
  const auto detail = parse_json(effect.report.detail);
  const JsonObject* object = detail ? as_object(*detail) : nullptr;
  if (object == nullptr) {
    return;
  }
  if (is_truncation) {
    judge_truncation(*object, effect.report.slice);
  } else if (text_member(*object, "key") == key_ && effect.report.crew) {
    const Fate fate = is_conflict ? Fate::lost : Fate::refused;
    judge_write(*object, *effect.report.crew, fate);
  }
}

void Blame::judge_write(const JsonObject& detail, const CrewId& crew, Fate fate) {
  const Json* value = find(detail, fate == Fate::lost ? "losing_value" : "value");
  const std::string text = value == nullptr ? std::string("null") : write_json(*value);
  const auto first = writes_.end() - static_cast<std::ptrdiff_t>(of_beat_);
  const auto write = std::find_if(first, writes_.end(), [&](const KeyWrite& one) {
    const std::string_view written = one.value.empty() ? std::string_view("null") : one.value;
    return one.crew == crew && written == text && one.fate == Fate::stands;
  });
  if (write != writes_.end()) {
    write->fate = fate;
    write->because = text_member(detail, fate == Fate::lost ? "winner" : "why");
  }
}

void Blame::judge_truncation(const JsonObject& detail, std::optional<SliceIndex> beat) {
  const Json* list = find(detail, "dropped");
  const JsonArray* dropped = list == nullptr ? nullptr : as_array(*list);
  const bool is_dropped =
      dropped != nullptr && std::ranges::any_of(*dropped, [this](const Json& item) {
        const JsonObject* one = as_object(item);
        return one != nullptr && text_member(*one, "key") == key_;
      });
  if (!is_dropped) {
    return;
  }
  if (of_beat_ == 0) {
    writes_.insert(writes_.begin() + static_cast<std::ptrdiff_t>(merged_),
                   {.fate = Fate::truncated, .beat = beat, .revision = revision_});
    ++merged_;
  }
  const auto first = writes_.end() - static_cast<std::ptrdiff_t>(of_beat_);
  for (auto write = first; write != writes_.end(); ++write) {
    write->fate = write->fate == Fate::stands ? Fate::truncated : write->fate;
  }
}

// Causes are told of the last write that stands: those of the writes before it are let go.
void Blame::settle_beat() {
  const bool has_standing =
      std::any_of(writes_.end() - static_cast<std::ptrdiff_t>(of_beat_), writes_.end(),
                  [](const KeyWrite& write) { return write.fate == Fate::stands; });
  if (has_standing) {
    for (std::size_t i = 0; i + of_beat_ < writes_.size(); ++i) {
      writes_[i].causes.clear();
    }
  }
  of_beat_ = 0;
  while (writes_.size() > kBlameWritesMax && merged_ > 0) {
    writes_.pop_front();
    --merged_;
    ++left_out_;
  }
}

const KeyWrite* Blame::last() const {
  const auto found = std::find_if(writes_.rbegin(), writes_.rend(),
                                  [](const KeyWrite& write) { return write.fate == Fate::stands; });
  return found == writes_.rend() ? nullptr : &*found;
}

std::vector<Cause> Blame::causes_of(const Woken& reaction) const {
  std::vector<Cause> causes;
  std::set<std::pair<CrewId, SliceIndex>> seen;
  follow(reaction, 0, seen, causes);
  return causes;
}

void Blame::follow(const Woken& reaction, std::int64_t depth,
                   std::set<std::pair<CrewId, SliceIndex>>& seen,
                   std::vector<Cause>& causes) const {
  seen.emplace(reaction.crew, reaction.slice);
  causes.push_back({.depth = depth, .known = Cause::Known::yes, .reaction = reaction});
  if (depth == kCauseDepthMax) {
    return;
  }
  for (const auto& [crew, slice] : reaction.needs) {
    if (causes.size() >= kCausesMax) {
      return;
    }
    const auto of_crew = completed_.find(crew);
    const bool is_above = seen.contains({crew, slice});
    if (!is_above && of_crew != completed_.end() && of_crew->second.contains(slice)) {
      follow(of_crew->second.at(slice), depth + 1, seen, causes);
      continue;
    }
    Cause cause{.depth = depth + 1,
                .known = is_above ? Cause::Known::above : Cause::Known::no,
                .reaction = {}};
    cause.reaction.crew = crew;
    cause.reaction.slice = slice;
    causes.push_back(std::move(cause));
  }
}

std::string_view to_string(Fate fate) {
  switch (fate) {
    case Fate::pending:
      return "pending";
    case Fate::stands:
      return "stands";
    case Fate::lost:
      return "lost";
    case Fate::refused:
      return "refused";
    case Fate::truncated:
      return "truncated";
  }
  return {};
}

}  // namespace lc::journal
