#include "supervisor/cli/simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "supervisor/cli/simulation_report.h"
#include "supervisor/engine/engine.h"

namespace lc::cli {
namespace {

using namespace engine;

EngineOptions options_of(const Script& script) {
  EngineOptions options{
      .stream = {std::string(kSimulatedStream)},
      .epoch0 = script.epoch0,
      .slice_ms = script.slice_ms,
      .lateness_ms = script.lateness_ms,
      .clock = script.clock,
      .late_policy = script.late_policy,
      .ctx_max_bytes = script.ctx_max_bytes,
      .backlog_max_batches = script.backlog_max_batches,
  };
  for (const proto::Manifest& crew : script.crews) {
    options.crews.push_back(crew_spec(crew));
  }
  return options;
}

class Simulation {
 public:
  Simulation(const Script& script, const std::function<void(const std::string&)>& print)
      : script_(script), engine_(options_of(script)), report_(print), now_(script.epoch0) {}

  Status run() {
    LC_TRY_STATUS(script_.clock == proto::ClockMode::wall ? run_wall() : run_event());
    report_.finish(engine_.snapshot());
    return {};
  }

 private:
  bool is_over() const {
    return script_.until_slice && engine_.open_slice().value > *script_.until_slice;
  }

  Status check_size() const {
    if (report_.lines_printed() < kSimulatedSlicesMax) {
      return {};
    }
    return fail(ErrorCode::overloaded,
                fmt::format("more than {} slices: give until_slice, or \"clock\":\"event\", which "
                            "steps over gaps",
                            kSimulatedSlicesMax));
  }

  Status run_wall() {
    std::size_t arrived = 0;
    const auto arrival = [this, &arrived]() -> std::optional<WallTime> {
      if (arrived == script_.events.size()) {
        return std::nullopt;
      }
      return std::max(now_, script_.events[arrived].ts);
    };
    while (!is_over()) {
      LC_TRY_STATUS(check_size());
      const WallTime beat = *engine_.next_deadline();
      const auto event = arrival();
      const auto answer = answers_.empty() ? std::optional<WallTime>() : answers_.begin()->first;
      if (!event && !answer && !script_.until_slice && !engine_.next_work()) {
        return {};
      }
      if (answer && *answer <= beat && *answer <= event.value_or(beat)) {
        answer_next();
      } else if (event && *event < beat) {
        now_ = *event;
        arrive(arrived++);
      } else {
        now_ = std::max(now_, beat);
        step(Tick{now_});
      }
    }
    // What ends before the next beat belongs to the last line.
    const WallTime beat = *engine_.next_deadline();
    while (!answers_.empty() && answers_.begin()->first <= beat) {
      answer_next();
    }
    return {};
  }

  // Lock-step: events are read as fast as the engine takes them.
  Status run_event() {
    for (std::size_t i = 0; i <= script_.events.size() && !is_over(); ++i) {
      LC_TRY_STATUS(check_size());
      if (i < script_.events.size()) {
        arrive(i);
      } else {
        step(InputEnded{now_});
      }
      while (!answers_.empty() && !is_over()) {
        LC_TRY_STATUS(check_size());
        answer_next();
      }
    }
    return {};
  }

  void arrive(std::size_t index) {
    const ScriptEvent& event = script_.events[index];
    const auto seq = static_cast<std::int64_t>(index) + 1;
    step(EventArrived{now_, {seq}, event.ts, event.kind, event.text});
  }

  void answer_next() {
    auto node = answers_.extract(answers_.begin());
    now_ = std::max(now_, node.key());
    std::visit([this](auto& concrete) { concrete.now = now_; }, node.mapped());
    step(node.mapped());
  }

  void step(const Input& input) {
    const SliceIndex open = engine_.open_slice();
    const Effects effects = engine_.step(input);
    report_.take(effects, open);
    for (const Effect& effect : effects) {
      if (const auto* dispatch = std::get_if<Dispatch>(&effect)) {
        react(dispatch->ready);
      }
    }
  }

  // Schedules what the script says of the crew's next reaction.
  void react(const proto::Ready& ready) {
    static const ScriptReaction kAnswersAtOnce;
    const auto known = script_.reactions.find(ready.crew);
    const ScriptReaction& reaction =
        known == script_.reactions.end() ? kAnswersAtOnce : known->second;
    const std::size_t k = reactions_[ready.crew]++;
    proto::Outcome outcome = reaction.outcomes[std::min(k, reaction.outcomes.size() - 1)];
    std::int64_t takes_ms = reaction.takes_ms;
    const bool hangs = outcome == proto::Outcome::timeout;
    if (ready.deadline_ms && (hangs || takes_ms > *ready.deadline_ms)) {
      outcome = proto::Outcome::timeout;
      takes_ms = *ready.deadline_ms;
    }
    const WallTime at = now_ + millis(takes_ms);
    if (outcome == proto::Outcome::ok) {
      answers_.emplace(at, ReactionDone{at,
                                        ready.crew,
                                        ready.slice,
                                        ready.attempt,
                                        {ready.lamport.value + 1},
                                        reaction.diff,
                                        reaction.actions});
    } else {
      answers_.emplace(at, ReactionFailed{at, ready.crew, ready.slice, ready.attempt, outcome,
                                          fmt::format("after {} ms", takes_ms)});
    }
  }

  const Script& script_;
  Engine engine_;
  SimulationReport report_;
  WallTime now_;
  std::multimap<WallTime, Input> answers_;  // equal times: in the order of their dispatch
  std::map<CrewId, std::size_t> reactions_;
};

}  // namespace

Status simulate(const Script& script, const std::function<void(const std::string&)>& print) {
  return Simulation(script, print).run();
}

}  // namespace lc::cli
