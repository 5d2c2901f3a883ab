#include "supervisor/journal/readied.h"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <utility>

#include "tests/supervisor/journal/match.h"
#include "tests/supervisor/journal/sim_journals.h"

using namespace lc;
using namespace lc::sim;
using namespace lc::journal;

namespace {

constexpr std::uint64_t kSeeds[] = {1, 2, 3, 4, 5, 6};

/// A reaction as the engine ordered it, and how it ended it.
struct Lived {
  proto::Ready ready;
  std::optional<proto::Outcome> outcome;
  std::int64_t actions = 0;
};
using Reaction = std::pair<CrewId, SliceIndex>;
using Life = std::map<Reaction, std::vector<Lived>>;

void live(Life& life, const engine::Effects& effects) {
  Lived* ended_last = nullptr;  // actions follow the end of their reaction
  for (const engine::Effect& effect : effects) {
    if (const auto* ended = std::get_if<engine::ReactionEnded>(&effect)) {
      ended_last = nullptr;
      for (Lived& each : life[{ended->crew, ended->slice}]) {
        if (each.ready.attempt == ended->attempt) {
          each.outcome = ended->outcome;
          ended_last = &each;
        }
      }
    } else if (const auto* dispatch = std::get_if<engine::Dispatch>(&effect)) {
      ended_last = nullptr;
      life[{dispatch->ready.crew, dispatch->ready.slice}].push_back({dispatch->ready, {}, 0});
    } else if (std::holds_alternative<engine::PublishAction>(effect) && ended_last != nullptr) {
      ++ended_last->actions;
    }
  }
}

/// Replays `journal` from `from` on for one reaction; all of it, also when it is done.
Readied ask(const Journal& journal, const CrewId& crew, SliceIndex slice, std::size_t from = 0) {
  Readied readied(crew, slice);
  Playback playback({"sim"}, events_of(journal));
  playback.observe_before([&](const engine::Input& input, const engine::Engine& engine) {
    readied.before(playback.replay()->options(), engine, input);
  });
  playback.observe([&](const engine::Input& input, const engine::Effects& effects) {
    readied.after(playback.replay()->options(), playback.replay()->engine(), input, effects,
                  playback.record());
  });
  for (std::size_t i = from; i < journal.records.size(); ++i) {
    playback.take(journal.records[i], StreamSeq{static_cast<std::int64_t>(i) + 1});
    REQUIRE(!playback.failure());
    if (readied.wants_notes(playback.record())) {
      REQUIRE(readied.add_notes(*parse_record(journal.records[i], {"sim"})));
    }
  }
  return readied;
}

Life life_of(const Journal& journal) {
  Life life;
  Playback playback({"sim"}, events_of(journal));
  playback.observe(
      [&life](const engine::Input&, const engine::Effects& effects) { live(life, effects); });
  for (const std::string& record : journal.records) {
    playback.take(record, {});
  }
  REQUIRE(!playback.failure());
  return life;
}

}  // namespace

TEST_CASE("readied: every reaction of random runs is given as the engine ordered it") {
  for (const auto clock : {proto::ClockMode::wall, proto::ClockMode::event}) {
    std::map<proto::Outcome, int> seen;
    for (const std::uint64_t seed : kSeeds) {
      const Journal journal = journal_of(seed, clock);
      int number = 0;
      for (const auto& [reaction, lived] : life_of(journal)) {
        if (number++ % 7 != 0) {
          continue;  // each is a replay
        }
        INFO("seed ", seed, ", clock ", proto::to_string(clock), ", crew ", reaction.first.value,
             ", slice ", reaction.second.value);
        const Readied readied = ask(journal, reaction.first, reaction.second);
        REQUIRE(readied.attempts().size() == lived.size());
        for (std::size_t i = 0; i < lived.size(); ++i) {
          const proto::RecordedReaction& told = readied.attempts()[i];
          proto::Ready ready = told.ready;
          CHECK(std::exchange(ready.nonce, {}) == proto::kRecordedNonce);
          CHECK(ready == lived[i].ready);
          CHECK(told.attempts == static_cast<std::int64_t>(lived.size()));
          if (clock == proto::ClockMode::wall) {
            CHECK(told.outcome.has_value() == lived[i].outcome.has_value());
          }
          if (lived[i].outcome) {  // with the event clock an answer may wait at the end
            REQUIRE(told.outcome);
            ++seen[told.outcome->outcome];
            CHECK(told.outcome->outcome == *lived[i].outcome);
            CHECK(static_cast<std::int64_t>(told.outcome->actions.size()) == lived[i].actions);
            CHECK(told.outcome->record >= told.record);
          }
          const auto again = proto::parse_recorded_reaction(proto::write_recorded_reaction(told));
          REQUIRE(again);
          CHECK(*again == told);
        }
      }
    }
    CHECK(seen[proto::Outcome::ok] > 0);
    CHECK(seen.size() > 2);  // and failures
  }
}

TEST_CASE("readied: it is done when nothing can be added, and says what was nearby") {
  const Journal journal = Match().journal();
  const Readied ran = ask(journal, {"commentator"}, {5});
  CHECK(ran.is_done());
  REQUIRE(ran.attempts().size() == 1);
  CHECK(ran.attempts().front().record == 12);
  CHECK(ran.attempts().front().outcome->record == 14);

  const Readied waited = ask(journal, {"commentator"}, {3});
  CHECK(waited.is_done());
  CHECK(waited.attempts().empty());
  CHECK(waited.nearby() == std::deque<SliceIndex>{{1}, {5}});

  const Readied later = ask(journal, {"commentator"}, {70});
  CHECK_FALSE(later.is_done());
  CHECK(later.open_slice() < SliceIndex{70});

  const Readied nobody = ask(journal, {"nobody"}, {1});
  CHECK_FALSE(nobody.is_crew_known());
}

TEST_CASE("readied: a replay that begins later knows what was in flight, and what was too early") {
  const Journal journal = journal_of(3, proto::ClockMode::wall);
  const Life life = life_of(journal);
  int in_flight = 0;
  for (const std::size_t from : whole_checkpoints(journal)) {
    for (const auto& [reaction, lived] : life) {
      const Readied readied = ask(journal, reaction.first, reaction.second, from);
      if (readied.was_too_early()) {
        CHECK(readied.attempts().empty());
        CHECK(readied.is_done());
      }
      if (readied.attempts().empty() || readied.attempts().front().record > 0) {
        continue;
      }
      ++in_flight;
      proto::Ready ready = readied.attempts().front().ready;
      ready.nonce = {};
      CHECK(ready == lived[static_cast<std::size_t>(ready.attempt.value) - 1].ready);
    }
  }
  CHECK(in_flight > 0);
}

TEST_CASE("readied: what an answer used comes from its note; a damaged note is told") {
  const Journal journal = Match().journal();
  const Readied ran = ask(journal, {"vision"}, {5});
  REQUIRE(ran.attempts().size() == 1);
  CHECK(ran.attempts().front().outcome->t_ms.has_value());

  Readied readied = ran;
  Record record = *parse_record(journal.records[12], {"sim"});
  REQUIRE(readied.wants_notes(record.n));
  for (RecordedInput& input : record.inputs) {
    input.note = input.note.empty() ? "" : R"({"t_ms":"soon"})";
  }
  const Status noted = readied.add_notes(record);
  REQUIRE_FALSE(noted);
  CHECK(noted.error().code == ErrorCode::corrupt);
  CHECK(noted.error().message.find("t_ms") != std::string::npos);
}
