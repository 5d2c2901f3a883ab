#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/json.h"
#include "supervisor/engine/effect_text.h"
#include "supervisor/engine/engine.h"

// A few words to drive an engine with in tests: slices of 500 ms, epoch0 at 1 s, no skew, no
// lateness unless a test sets them; time moves when a slice is closed.
namespace lc::test {

inline constexpr std::int64_t kSliceMs = 500;
inline constexpr WallTime kEpoch0{1'000'000};

inline WallTime at_slice(std::int64_t slice, std::int64_t ms = 0) {
  return slice_start({slice}, kEpoch0, millis(kSliceMs)) + millis(ms);
}

inline engine::CrewSpec crew(std::string name, std::vector<std::string> triggers) {
  engine::CrewSpec spec{.crew = {std::move(name)}};
  for (std::string& kind : triggers) {
    spec.triggers.push_back({std::move(kind)});
  }
  return spec;
}

inline engine::CrewSpec eager(std::string name, std::vector<std::string> triggers) {
  engine::CrewSpec spec = crew(std::move(name), std::move(triggers));
  spec.dispatch = proto::DispatchMode::event;
  return spec;
}

inline proto::Need needs_crew(std::string name, std::int64_t offset) {
  return {proto::NeedType::crew, std::move(name), offset};
}

inline proto::Need needs_event(std::string kind, std::int64_t offset) {
  return {proto::NeedType::event, std::move(kind), offset};
}

inline engine::EngineOptions wall_options(std::vector<engine::CrewSpec> crews) {
  return {.stream = {"s"},
          .epoch0 = kEpoch0,
          .slice_ms = kSliceMs,
          .lateness_ms = 0,
          .crews = std::move(crews)};
}

inline engine::EngineOptions event_options(std::vector<engine::CrewSpec> crews) {
  engine::EngineOptions options = wall_options(std::move(crews));
  options.clock = proto::ClockMode::event;
  return options;
}

/// The effects of one kind, in order.
template <class T>
std::vector<T> all_of(const engine::Effects& effects) {
  std::vector<T> found;
  for (const engine::Effect& effect : effects) {
    if (const T* concrete = std::get_if<T>(&effect)) {
      found.push_back(*concrete);
    }
  }
  return found;
}

/// The crews that the effects wake, like `a@3 b@3`: crew and slice.
inline std::string woken(const engine::Effects& effects) {
  std::string names;
  for (const auto& dispatch : all_of<engine::Dispatch>(effects)) {
    names += names.empty() ? "" : " ";
    names += dispatch.ready.crew.value + "@" + std::to_string(dispatch.ready.slice.value);
  }
  return names;
}

/// The reasons of the reported errors, in order.
inline std::string errors(const engine::Effects& effects) {
  std::string reasons;
  for (const auto& error : all_of<engine::ReportError>(effects)) {
    reasons += reasons.empty() ? "" : " ";
    reasons += error.report.reason;
  }
  return reasons;
}

/// The detail of the first reported error with this reason, as it is published.
inline std::string detail_of(const engine::Effects& effects, std::string_view reason) {
  for (const auto& error : all_of<engine::ReportError>(effects)) {
    if (error.report.reason == reason) {
      return engine::published(error).detail;
    }
  }
  return "";
}

inline std::string seqs(const proto::Ready& ready) {
  std::string list;
  for (const proto::BatchEvent& event : ready.events) {
    list += list.empty() ? "" : " ";
    list += std::to_string(event.seq.value);
  }
  return list;
}

class Rig {
 public:
  explicit Rig(engine::EngineOptions options) : engine(std::move(options)) {}

  /// An event of `kind` in `slice`, arriving in the open slice.
  engine::Effects event(const std::string& kind, std::int64_t slice, std::int64_t ms = 100) {
    return event_at(kind, at_slice(slice, ms));
  }

  engine::Effects event_at(const std::string& kind, WallTime ts) {
    ++seq_;
    return engine.step(
        engine::EventArrived{now_, {seq_}, ts, {kind}, "{\"seq\":" + std::to_string(seq_) + "}"});
  }

  /// Closes every slice up to `slice` (wall clock).
  engine::Effects close(std::int64_t slice) {
    now_ = at_slice(slice + 1);
    return engine.step(engine::Tick{now_});
  }

  engine::Effects done(const std::string& crew, std::int64_t slice, std::int64_t attempt = 1,
                       proto::ContextDiff diff = {}, std::vector<proto::ActionDraft> actions = {}) {
    return engine.step(engine::ReactionDone{
        now_, {crew}, {slice}, {attempt}, {}, std::move(diff), std::move(actions)});
  }

  engine::Effects failed(const std::string& crew, std::int64_t slice, std::int64_t attempt = 1,
                         proto::Outcome outcome = proto::Outcome::error) {
    return engine.step(
        engine::ReactionFailed{now_, {crew}, {slice}, {attempt}, outcome, "it broke"});
  }

  engine::Effects lost(const std::string& crew, std::int64_t slice, std::int64_t attempt = 1) {
    return engine.step(engine::ReactionLost{now_, {crew}, {slice}, {attempt}, "its host is gone"});
  }

  engine::Effects disable(const std::string& crew) {
    return engine.step(engine::DisableCrew{now_, {crew}, "by hand"});
  }
  engine::Effects enable(const std::string& crew) {
    return engine.step(engine::EnableCrew{now_, {crew}});
  }
  engine::Effects resume() { return engine.step(engine::Resumed{now_}); }

  /// Goes on with a new engine, of `options`, from where this one is.
  void restart(engine::EngineOptions options) {
    options.resume = engine.checkpoint();
    engine = engine::Engine(std::move(options));
  }

  engine::Effects end() { return engine.step(engine::InputEnded{now_}); }

  engine::Engine engine;

 private:
  WallTime now_ = kEpoch0;
  std::int64_t seq_ = 0;
};

}  // namespace lc::test
