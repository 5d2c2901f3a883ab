#pragma once

#include <string>
#include <vector>

#include "proto/event.h"
#include "tests/sim/journal.h"

// A short run whose every beat is known, for the verbs that explain. Slices are 500 ms.
//
//   slice 0  event 1 frame: vision 0/1 sets scene "pitch"
//   slice 1  event 2 goal: commentator 1/1 (vision@-1 met by 0) sets line "goal"; stats 1/1 fails
//   slice 3  event 3 goal: commentator waits for vision@-1; stats 3/1 sets goals
//   slice 4  event 4 frame: vision 4/1 sets scene "stands"; commentator still waits
//   slice 5  event 5 frame: vision 5/1 and commentator 5/1 both set scene: commentator's stands
//   slice 7  an operator has disabled vision; event 6 goal: commentator's batch is dropped
namespace lc::sim {

class Match {
 public:
  Match() {
    Scenario& scenario = scenario_;
    scenario.options.stream = {"sim"};
    scenario.options.epoch0 = kEpoch0;
    scenario.options.crews = {
        {.crew = {"commentator"},
         .triggers = {{"goal"}},
         .needs = {{proto::NeedType::crew, "vision", -1}},
         .wait_policy = proto::WaitPolicy::all},
        {.crew = {"stats"}, .triggers = {{"goal"}}},
        {.crew = {"vision"}, .triggers = {{"frame"}}},
    };
    event("frame", 100);
    close(0);
    done("vision", 0, 700, "scene", "\"pitch\"", 2);
    event("goal", 720);
    close(1);
    done("commentator", 1, 1'100, "line", "\"goal\"", 4);
    failed("stats", 1, 1'200);
    close(2);
    event("goal", 1'600);
    close(3);
    done("stats", 3, 2'050, "goals", "2", 8);
    event("frame", 2'100);
    close(4);
    done("vision", 4, 2'600, "scene", "\"stands\"", 10);
    event("frame", 2'700);
    close(5);
    done("vision", 5, 3'100, "scene", "\"left\"", 12);
    done("commentator", 5, 3'150, "scene", "\"right\"", 14);
    close(6);
    inputs_.push_back(engine::DisableCrew{at(3'550), {"vision"}, "it sees ghosts"});
    event("goal", 3'600);
    close(7);
    done("stats", 7, 4'100, "goals", "3", 16);
    close(8);
  }

  Journal journal() const { return write_plain_journal(scenario_, inputs_); }
  const engine::EngineOptions& options() const { return scenario_.options; }

 private:
  static constexpr WallTime kEpoch0{1'753'989'720'000'000};  // 2025-07-31T19:22:00Z

  static WallTime at(std::int64_t ms) { return kEpoch0 + millis(ms); }

  void event(const char* kind, std::int64_t ms) {
    const proto::Event event{.ts = at(ms), .kind = {kind}, .stream = {"sim"}, .payload = "{}"};
    inputs_.push_back(engine::EventArrived{
        at(ms + 1), {++events_}, event.ts, event.kind, proto::write_event(event)});
  }

  void close(std::int64_t slice) { inputs_.push_back(engine::Tick{at((slice + 1) * 500 + 20)}); }

  void done(const char* crew, std::int64_t slice, std::int64_t ms, const char* key,
            const char* value, std::int64_t lamport) {
    engine::ReactionDone done{at(ms), {crew}, {slice}, {1}, {lamport}, {}, {}};
    done.diff.set[key] = value;
    done.actions.push_back({{"line"}, "{}", 5'000});
    inputs_.push_back(std::move(done));
  }

  void failed(const char* crew, std::int64_t slice, std::int64_t ms) {
    inputs_.push_back(engine::ReactionFailed{
        at(ms), {crew}, {slice}, {1}, proto::Outcome::timeout, "took longer than 200 ms"});
  }

  Scenario scenario_;
  std::vector<engine::Input> inputs_;
  std::int64_t events_ = 0;
};

}  // namespace lc::sim
