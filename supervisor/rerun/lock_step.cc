#include "supervisor/rerun/lock_step.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/check.h"

namespace lc::rerun {
namespace {

using namespace engine;

EngineOptions in_lock_step(EngineOptions options, const Cast& cast) {
  options.clock = proto::ClockMode::event;
  options.skew = {};
  options.resume.reset();
  if (cast.crews) {
    options.crews = cast.crews(std::move(options.crews));
  }
  return options;
}

Engine make_engine(const Stretch& stretch, const Cast& cast) {
  EngineOptions options = in_lock_step(stretch.options, cast);
  options.resume = stretch.state;
  return Engine(std::move(options));
}

}  // namespace

LockStep::LockStep(const Stretch& stretch, Then then, const Cast& cast, const Sha256& run,
                   OnStep on_step)
    : stretch_(stretch),
      then_(then),
      cast_(cast),
      on_step_(std::move(on_step)),
      engine_(make_engine(stretch, cast)),
      recorder_(stretch.options.stream, proto::ClockMode::event,
                {.n = 0, .hash = {}, .run = run, .checkpoint = 0}) {}

Effects LockStep::go() {
  begin();
  while (!done_) {
    if (!answers_.empty()) {
      Input next = std::move(answers_.front());
      answers_.pop_front();
      step(std::move(next));
    } else if (!awaited_.empty()) {
      break;
    } else if (next_ < stretch_.items.size()) {
      give(stretch_.items[next_++]);
    } else {
      end();
    }
  }
  return std::exchange(outside_, {});
}

// What was in flight when the recording began, unless the engine is told to order it anew.
void LockStep::begin() {
  if (std::exchange(has_begun_, true)) {
    return;
  }
  const Input* first =
      stretch_.items.empty() ? nullptr : std::get_if<Input>(&stretch_.items.front().what);
  if (first != nullptr && std::holds_alternative<Resumed>(*first)) {
    return;
  }
  const Checkpoint state = engine_.checkpoint();
  for (const proto::Ready& ready : in_flight(state)) {
    const CrewCheckpoint& crew = state.crews.at(ready.crew);
    if (crew.enabled || !cast_.real.contains(ready.crew)) {
      order(ready);
      continue;
    }
    answers_.emplace_back(ReactionFailed{.crew = ready.crew,
                                         .slice = ready.slice,
                                         .attempt = ready.attempt,
                                         .outcome = proto::Outcome::admin,
                                         .detail = "the crew was disabled: " + crew.disabled_why});
  }
}

void LockStep::end() {
  if (std::exchange(has_ended_, true)) {
    done_ = true;
    return;
  }
  run_of_tape_ = run();
  if (then_ == Then::end) {
    step(InputEnded{});
  }
}

void LockStep::answer(Input input) {
  if (const auto* done = std::get_if<ReactionDone>(&input)) {
    awaited_.erase(done->crew);
  } else if (const auto* failed = std::get_if<ReactionFailed>(&input)) {
    awaited_.erase(failed->crew);
  }
  answers_.push_back(std::move(input));
}

// A worker that died at rest counts when its crew answers from the tape; a real one tells itself.
bool LockStep::is_ours(const Input& input) const {
  const auto* idle = std::get_if<IdleFailure>(&input);
  return idle == nullptr || !cast_.real.contains(idle->crew);
}

void LockStep::give(const TapeItem& item) {
  if (const auto* settings = std::get_if<NewSettings>(&item.what)) {
    take_settings(settings->options);
  } else if (const Input& input = std::get<Input>(item.what); is_ours(input)) {
    step(input);
  }
}

void LockStep::take_settings(EngineOptions options) {
  EngineOptions next = in_lock_step(std::move(options), cast_);
  next.resume = engine_.checkpoint();
  engine_ = Engine(std::move(next));
}

void LockStep::step(Input input) {
  // No decision depends on when it is made.
  std::visit([](auto& each) { each.now = {}; }, input);
  const Effects effects = engine_.step(input);
  recorder_.note(input, effects);
  if (recorder_.is_due()) {
    recorder_.take({});  // only the digest of what was decided is wanted
  }
  if (on_step_) {
    on_step_(input, effects);
  }
  for (const Effect& effect : effects) {
    see(effect);
  }
}

void LockStep::see(const Effect& effect) {
  if (const auto* dispatch = std::get_if<Dispatch>(&effect)) {
    order(dispatch->ready);
  } else if (const auto* disabled = std::get_if<CrewDisabled>(&effect)) {
    if (cast_.real.contains(disabled->crew)) {
      outside_.push_back(effect);
    }
  } else if (const auto* enabled = std::get_if<CrewEnabled>(&effect)) {
    if (cast_.real.contains(enabled->crew)) {
      outside_.push_back(effect);
    }
  }
}

void LockStep::order(const proto::Ready& ready) {
  if (cast_.real.contains(ready.crew)) {
    awaited_.insert(ready.crew);
    outside_.emplace_back(Dispatch{ready});
  } else {
    answers_.push_back(taped(ready));
  }
}

Input LockStep::taped(const proto::Ready& ready) {
  const std::size_t turn = asked_[{ready.crew, ready.slice}]++;
  const auto found = stretch_.answers.find({ready.crew, ready.slice});
  if (found == stretch_.answers.end() || turn >= found->second.size()) {
    ++unknown_;
    return ReactionFailed{
        .crew = ready.crew,
        .slice = ready.slice,
        .attempt = ready.attempt,
        .outcome = proto::Outcome::error,
        .detail = fmt::format(
            "{}: crew '{}' did not react {} in slice {} of the recording, so nobody knows what it "
            "would have answered; name it too, to have it run",
            kNotOnTape, ready.crew.value,
            turn == 0 ? std::string("at all") : fmt::format("{} times", turn + 1),
            ready.slice.value),
        .excuse = std::string(kNotOnTape)};
  }
  const TapedAnswer& answer = found->second[turn];
  if (const auto* done = std::get_if<ReactionDone>(&answer.outcome)) {
    ReactionDone again = *done;
    again.attempt = ready.attempt;
    again.lamport = {ready.lamport.value + answer.lamport_step};
    return again;
  }
  ReactionFailed again = std::get<ReactionFailed>(answer.outcome);
  again.attempt = ready.attempt;
  return again;
}

}  // namespace lc::rerun
