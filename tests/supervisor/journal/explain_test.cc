#include "supervisor/journal/explain.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "supervisor/journal/why.h"
#include "tests/supervisor/journal/sim_journals.h"

using namespace lc;
using namespace lc::sim;
using namespace lc::journal;

namespace {

constexpr std::uint64_t kSeeds[] = {1, 2, 3, 4, 5, 6, 7, 8};

/// All beats of a run, and the same questions asked of each.
struct Asked {
  std::map<SliceIndex, engine::SliceClosed> closed;
  std::vector<Why> whys;
};

Asked ask(const Journal& journal, const std::vector<engine::CrewSpec>& crews, std::int64_t slices,
          std::int64_t step) {
  Asked asked;
  for (std::int64_t slice = 0; slice < slices; slice += step) {
    for (const engine::CrewSpec& spec : crews) {
      asked.whys.emplace_back(spec.crew, SliceIndex{slice});
    }
  }
  Playback playback({"sim"}, events_of(journal));
  playback.observe_before([&](const engine::Input& input, const engine::Engine& engine) {
    for (Why& why : asked.whys) {
      why.before(playback.replay()->options(), engine, input);
    }
  });
  playback.observe([&](const engine::Input&, const engine::Effects& effects) {
    for (Why& why : asked.whys) {
      why.after(effects, playback.record(), playback.replay()->engine().open_slice());
    }
    for (const engine::Effect& effect : effects) {
      if (const auto* beat = std::get_if<engine::SliceClosed>(&effect)) {
        asked.closed[beat->slice] = *beat;
      }
    }
  });
  for (const std::string& record : journal.records) {
    playback.take(record, {});
  }
  REQUIRE(!playback.failure());
  return asked;
}

// What the engine itself said of the beat: `ready`, `waits for a, b`, or nothing.
std::string said(const engine::SliceClosed& closed, const CrewId& crew) {
  if (std::ranges::find(closed.ready, crew) != closed.ready.end()) {
    return "ready";
  }
  const auto waiting = std::ranges::find(closed.waiting, crew, &engine::CrewWaiting::crew);
  return waiting == closed.waiting.end()
             ? ""
             : fmt::format("waits for {}", fmt::join(waiting->unmet, ", "));
}

std::string explained(const Explanation& found) {
  switch (found.verdict) {
    case Verdict::ready:
      return "ready";
    case Verdict::no_batch:
    case Verdict::disabled:
    case Verdict::dropped:
      return "";
    case Verdict::busy:
    case Verdict::stride:
    case Verdict::waits:
      break;
  }
  std::vector<std::string> unmet = found.missing;
  if (found.busy_slice) {
    unmet.emplace_back("busy");
  }
  if (found.slice.value % found.stride != 0) {
    unmet.emplace_back("stride");
  }
  std::ranges::sort(unmet);
  return fmt::format("waits for {}", fmt::join(unmet, ", "));
}

}  // namespace

TEST_CASE("explain: every beat of random runs is explained as the engine decided it") {
  for (const auto clock : {proto::ClockMode::wall, proto::ClockMode::event}) {
    std::map<std::string, int> seen;
    for (const std::uint64_t seed : kSeeds) {
      const Scenario scenario = make_scenario(seed, clock);
      const Journal journal = write_journal(scenario, run_of(scenario).inputs, seed);
      const Asked asked = ask(journal, scenario.options.crews, kSlices, 2);
      for (const Why& why : asked.whys) {
        if (!why.explanation()) {
          continue;
        }
        const Explanation& found = *why.explanation();
        INFO("seed ", seed, ", clock ", proto::to_string(clock), ", crew ", found.crew.value,
             ", slice ", found.slice.value);
        const auto closed = asked.closed.find(found.slice);
        REQUIRE(why.had_beat() == (closed != asked.closed.end()));
        ++seen[std::string(to_string(found.verdict))];
        if (!why.had_beat()) {
          CHECK(found.verdict != Verdict::ready);
          continue;
        }
        CHECK(explained(found) == said(closed->second, found.crew));
        CHECK((found.verdict != Verdict::ready || !why.dispatched().empty()));
        if (found.verdict == Verdict::dropped) {
          CHECK(std::ranges::any_of(why.reported(), [](const Why::Reported& one) {
            return one.reason == "dependency_disabled";
          }));
        }
        for (const NeedStanding& need : found.needs) {
          CHECK(need.holds == need.first.has_value());
          CHECK(need.holds == need.last.has_value());
          CHECK((!need.first || (need.from <= *need.first && *need.last <= need.to)));
        }
      }
    }
    for (const std::string verdict : {"no_batch", "stride", "waits", "ready", "disabled"}) {
      INFO(verdict, ", clock ", proto::to_string(clock));
      CHECK(seen[verdict] > 0);
    }
    // With the event clock no slice is closed while somebody is busy.
    CHECK((seen["busy"] > 0) == (clock == proto::ClockMode::wall));
  }
}

TEST_CASE("explain: every slice of a run has an explanation, also one that was stepped over") {
  for (const auto clock : {proto::ClockMode::wall, proto::ClockMode::event}) {
    const Scenario scenario = make_scenario(3, clock);
    const Journal journal = write_journal(scenario, run_of(scenario).inputs, 3);
    const Asked asked = ask(journal, {scenario.options.crews.front()}, 60, 1);
    for (const Why& why : asked.whys) {
      CHECK(why.explanation());
      CHECK(why.is_done());
    }
  }
}

TEST_CASE("explain: a slice before the journal and a crew that is none are told apart") {
  const Scenario scenario = make_scenario(1, proto::ClockMode::wall);
  const Journal journal = write_journal(scenario, run_of(scenario).inputs, 1);
  Why early({"crew0"}, {-5});
  Why unknown({"nobody"}, {3});
  Playback playback({"sim"}, events_of(journal));
  playback.observe_before([&](const engine::Input& input, const engine::Engine& engine) {
    early.before(playback.replay()->options(), engine, input);
    unknown.before(playback.replay()->options(), engine, input);
  });
  for (const std::string& record : journal.records) {
    playback.take(record, {});
  }
  CHECK(early.was_too_early());
  CHECK(early.is_done());
  CHECK(!unknown.is_crew_known());
  CHECK(!unknown.explanation());
}
