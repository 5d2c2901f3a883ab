#include "supervisor/journal/why.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "supervisor/engine/slice_clock.h"

namespace lc::journal {

using namespace engine;

namespace {

// Whether something waits already that can end the slice.
bool has_later(const EngineOptions& options, const Engine& engine, SliceIndex slice) {
  const SliceClock clock{.epoch0 = options.epoch0, .slice = millis(options.slice_ms)};
  const Checkpoint state = engine.checkpoint();
  return state.input_ended || std::ranges::any_of(state.queue, [&](const EventArrived& event) {
           return clock.index(event.ts) > slice;
         });
}

}  // namespace

// Asking costs a copy of the engine: with the event clock only what ends the slice, or an answer
// that was waited for, is worth it.
bool Why::may_close(const EngineOptions& options, const Engine& engine, const Input& input) {
  if (explanation_ || engine.open_slice() > slice_) {
    return false;
  }
  if (options.clock == proto::ClockMode::wall) {
    return std::holds_alternative<Tick>(input);
  }
  const SliceClock clock{.epoch0 = options.epoch0, .slice = millis(options.slice_ms)};
  const auto* event = std::get_if<EventArrived>(&input);
  if (event != nullptr) {
    has_later_ = has_later_ || clock.index(event->ts) > slice_;
    return has_later_ && engine.reactions_in_flight() == 0;
  }
  has_later_ = has_later_ || std::holds_alternative<InputEnded>(input);
  return has_later_;
}

void Why::before(const EngineOptions& options, const Engine& engine, const Input& input) {
  candidate_.reset();
  if (!begun_) {
    begun_ = true;
    too_early_ = engine.open_slice() > slice_;
    has_later_ = has_later(options, engine, slice_);
    done_ = too_early_;
  }
  if (std::ranges::find(options.crews, crew_, &CrewSpec::crew) == options.crews.end()) {
    is_crew_known_ = false;
    return;
  }
  is_crew_known_ = true;
  if (!done_ && may_close(options, engine, input)) {
    if (const auto state = state_at_beat(options, engine, input, slice_)) {
      candidate_ = explain(options, *state, crew_);
    }
  }
}

void Why::after(const Effects& effects, std::int64_t record, SliceIndex open) {
  if (done_) {
    return;
  }
  std::vector<Reported> reported;  // since the beat before
  for (const Effect& effect : effects) {
    if (const auto* dispatch = std::get_if<Dispatch>(&effect)) {
      const proto::Ready& ready = dispatch->ready;
      if (ready.crew == crew_ && ready.slice == slice_) {
        dispatched_.push_back({record, ready.attempt, ready.missing});
      }
    } else if (const auto* error = std::get_if<ReportError>(&effect)) {
      if (error->report.crew == crew_) {
        reported.push_back({record, error->report.reason, error->report.detail});
      }
    } else if (const auto* closed = std::get_if<SliceClosed>(&effect)) {
      if (closed->slice == slice_) {
        had_beat_ = true;
        reported_ = std::move(reported);
      }
      reported.clear();
    }
  }
  if (!explanation_ && open > slice_ && candidate_) {
    explanation_ = std::move(candidate_);
    record_ = record;
  }
  done_ = open.value > slice_.value + 1;
}

}  // namespace lc::journal
