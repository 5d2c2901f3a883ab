#include "tests/sim/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "proto/event.h"
#include "supervisor/engine/effect_text.h"
#include "tests/sim/auditor.h"

namespace lc::sim {
namespace {

using namespace engine;

EventArrived make_event(WallTime now, StreamSeq seq, WallTime ts, Kind kind) {
  std::string text = proto::write_event(
      {.ts = ts, .kind = kind, .stream = {"sim"}, .payload = std::to_string(seq.value)});
  return {now, seq, ts, std::move(kind), std::move(text)};
}

Kind any_kind(Random& dice, const Scenario& scenario) {
  const auto last = static_cast<std::int64_t>(scenario.kinds.size()) - 1;
  return scenario.kinds[static_cast<std::size_t>(dice.within(0, last))];
}

CrewId any_crew(Random& dice, const Scenario& scenario) {
  const auto last = static_cast<std::int64_t>(scenario.options.crews.size()) - 1;
  return scenario.options.crews[static_cast<std::size_t>(dice.within(0, last))].crew;
}

Input answer_of(const proto::Ready& ready, const Behaviour& behaviour, WallTime now) {
  if (behaviour.outcome == proto::Outcome::ok) {
    return ReactionDone{now,
                        ready.crew,
                        ready.slice,
                        ready.attempt,
                        {behaviour.lamport},
                        behaviour.diff,
                        behaviour.actions};
  }
  return ReactionFailed{now,           ready.crew,        ready.slice,
                        ready.attempt, behaviour.outcome, "simulated"};
}

// An engine that is watched and recorded.
class Watched {
 public:
  explicit Watched(const Scenario& scenario)
      : engine(scenario.options), auditor_(scenario.options) {}

  Effects step(Input input) {
    Effects effects = engine.step(input);
    auditor_.observe(input, effects);
    auditor_.compare(engine);
    run_.effects += engine::effects_text(effects);
    run_.inputs.push_back(std::move(input));
    return effects;
  }

  std::int64_t slices() const { return auditor_.slices_closed(); }

  Run finish() {
    auditor_.expect_all_settled();
    run_.violations = auditor_.violations();
    run_.slices = auditor_.slices_closed();
    run_.dispatches = auditor_.dispatches();
    return std::move(run_);
  }

  Engine engine;

 private:
  Auditor auditor_;
  Run run_;
};

class WallWorld {
 public:
  explicit WallWorld(const Scenario& scenario)
      : scenario_(scenario),
        random_(derived_seed(scenario.seed, "wall", 0, 0)),
        slice_us_(scenario.options.slice_ms * 1000),
        watched_(scenario),
        now_(*watched_.engine.next_deadline() - Micros{slice_us_}) {}

  Run run(std::int64_t slices) {
    schedule_event();
    schedule_operator();
    WallTime tick = next_tick();
    while (watched_.slices() < slices) {
      if (agenda_.empty() || tick <= agenda_.begin()->first) {
        now_ = std::max(now_, tick);
        step(Tick{now_});
        tick = next_tick();
        continue;
      }
      auto node = agenda_.extract(agenda_.begin());
      now_ = std::max(now_, node.key());
      const bool was_event = std::holds_alternative<EventArrived>(node.mapped());
      const bool was_operator = std::holds_alternative<EnableCrew>(node.mapped()) ||
                                std::holds_alternative<DisableCrew>(node.mapped());
      step(std::move(node.mapped()));
      if (was_event) {
        schedule_event();
      }
      if (was_operator) {
        schedule_operator();
      }
    }
    return watched_.finish();
  }

 private:
  // Mostly when it is due, at times a little early or late, seldom after a stall or a long sleep.
  WallTime next_tick() {
    const WallTime due = *watched_.engine.next_deadline();
    if (random_.chance(3)) {
      return due - Micros{random_.within(1, slice_us_)};
    }
    if (random_.chance(2)) {
      return due + Micros{random_.within(2, 40) * slice_us_};
    }
    if (random_.within(0, 999) == 0) {
      // The machine slept: nothing arrived meanwhile.
      now_ = due + Micros{random_.within(9'990, 30'000) * slice_us_};
      return now_;
    }
    return due + Micros{random_.within(0, slice_us_ / 10)};
  }

  void schedule_event() {
    const WallTime at = now_ + Micros{random_.chance(1) ? random_.within(0, 60 * slice_us_)
                                                        : random_.within(0, slice_us_)};
    Micros off{random_.within(0, slice_us_ / 2)};
    if (random_.chance(10)) {
      off = Micros{random_.within(0, 6 * slice_us_)};  // late
    } else if (random_.chance(10)) {
      off = Micros{-random_.within(0, 4 * slice_us_)};  // early
    } else if (random_.chance(2)) {
      off = Micros{-random_.within(0, 6'000'000)};  // perhaps too early
    }
    ++seq_.value;
    agenda_.emplace(
        at, make_event(at, seq_, at - scenario_.options.skew - off, any_kind(random_, scenario_)));
  }

  void schedule_operator() {
    const WallTime at = now_ + Micros{random_.within(0, 10 * slice_us_)};
    const CrewId crew = any_crew(random_, scenario_);
    if (random_.chance(30)) {
      agenda_.emplace(at, DisableCrew{at, crew, "simulated"});
    } else {
      agenda_.emplace(at, EnableCrew{at, crew});
    }
  }

  void step(Input input) {
    std::visit([this](auto& concrete) { concrete.now = now_; }, input);
    for (const Effect& effect : watched_.step(std::move(input))) {
      if (const auto* dispatch = std::get_if<Dispatch>(&effect)) {
        schedule_answer(dispatch->ready);
      }
    }
  }

  void schedule_answer(const proto::Ready& ready) {
    const Behaviour behaviour = behave(scenario_, ready);
    const WallTime at = now_ + behaviour.takes;
    agenda_.emplace(at, answer_of(ready, behaviour, at));
    if (behaviour.answers_again) {
      // Twice, or late: after its reaction was given up.
      Behaviour again = behaviour;
      again.outcome = proto::Outcome::ok;
      agenda_.emplace(at + Micros{random_.within(0, slice_us_)}, answer_of(ready, again, at));
    }
    if (random_.chance(5)) {
      // Before its answer, which comes too late then, or after it.
      agenda_.emplace(now_ + Micros{random_.within(0, 2 * slice_us_)},
                      ReactionLost{now_, ready.crew, ready.slice, ready.attempt, "simulated"});
    }
    if (random_.chance(2)) {
      agenda_.emplace(at, IdleFailure{at, ready.crew, proto::Outcome::crash, "simulated"});
    }
  }

  const Scenario& scenario_;
  Random random_;
  std::int64_t slice_us_;
  Watched watched_;
  WallTime now_;
  StreamSeq seq_;
  std::multimap<WallTime, Input> agenda_;  // equal times: in the order of scheduling
};

// About `slices` slices with events, some late; now and then a gap, short or enormous.
std::vector<EventArrived> make_file(const Scenario& scenario, std::int64_t slices) {
  Random dice(derived_seed(scenario.seed, "file", 0, 0));
  const Micros slice = millis(scenario.options.slice_ms);
  std::int64_t at = dice.within(-2, 2);
  std::vector<EventArrived> events;
  for (std::int64_t seq = 1; slices > 0; ++seq) {
    const std::int64_t where = at - (dice.chance(5) ? dice.within(1, 5) : 0);
    const WallTime ts =
        slice_start({where}, scenario.options.epoch0, slice) + Micros{dice.within(0, slice.us - 1)};
    events.push_back(make_event({}, {seq}, ts, any_kind(dice, scenario)));
    if (dice.chance(60)) {
      ++at;
      --slices;
    }
    if (dice.chance(3)) {
      at += dice.chance(20) ? 1'000'000'000 : dice.within(2, 30);
    }
  }
  return events;
}

}  // namespace

Run run_wall_clock(const Scenario& scenario, std::int64_t slices) {
  return WallWorld(scenario).run(slices);
}

Run run_event_clock(const Scenario& scenario, std::int64_t slices, std::uint64_t speed_seed) {
  Random speed(speed_seed);
  Watched watched(scenario);
  std::vector<Input> answers;
  const auto step = [&](Input input) {
    for (const Effect& effect : watched.step(std::move(input))) {
      if (const auto* dispatch = std::get_if<Dispatch>(&effect)) {
        answers.push_back(
            answer_of(dispatch->ready, behave(scenario, dispatch->ready), scenario.options.epoch0));
      }
    }
  };
  const std::vector<EventArrived> file = make_file(scenario, slices);
  std::size_t fed = 0;
  bool ended = false;
  while (!ended || !answers.empty()) {
    const bool may_feed = !ended && watched.engine.wants_events();
    if (!answers.empty() && (!may_feed || speed.chance(70))) {
      const auto chosen = speed.within(0, static_cast<std::int64_t>(answers.size()) - 1);
      const Input answer = answers[static_cast<std::size_t>(chosen)];
      answers.erase(answers.begin() + chosen);
      step(answer);
    } else if (fed < file.size()) {
      step(file[fed++]);
    } else {
      ended = true;
      step(InputEnded{scenario.options.epoch0});
    }
  }
  return watched.finish();
}

std::string replay(const Scenario& scenario, const std::vector<Input>& inputs) {
  Engine engine(scenario.options);
  std::string text;
  for (const Input& input : inputs) {
    text += engine::effects_text(engine.step(input));
  }
  return text;
}

std::string replay_with_restarts(const Scenario& scenario, const std::vector<Input>& inputs,
                                 std::uint64_t seed) {
  Random dice(seed);
  EngineOptions options = scenario.options;
  Engine engine(options);
  std::string text;
  for (const Input& input : inputs) {
    if (dice.chance(3)) {
      options.resume = engine.checkpoint();
      engine = Engine(options);
      if (engine.checkpoint() != *options.resume) {
        return text + "the new engine knows something else";
      }
    }
    text += engine::effects_text(engine.step(input));
  }
  return text;
}

}  // namespace lc::sim
