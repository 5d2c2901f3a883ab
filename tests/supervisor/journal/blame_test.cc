#include "supervisor/journal/blame.h"

#include <doctest/doctest.h>

#include "tests/supervisor/journal/match.h"
#include "tests/supervisor/journal/sim_journals.h"

using namespace lc;
using namespace lc::sim;
using namespace lc::journal;

namespace {

struct Watched {
  std::vector<Blame> blames;
  proto::Snapshot snapshot;  // at the end
};

Watched watch(const Journal& journal, std::vector<Blame> blames, std::size_t from = 0) {
  Watched watched{.blames = std::move(blames), .snapshot = {}};
  Playback playback({"sim"}, events_of(journal));
  playback.observe_before([&](const engine::Input&, const engine::Engine& engine) {
    for (Blame& blame : watched.blames) {
      blame.before(engine);
    }
  });
  playback.observe([&](const engine::Input& input, const engine::Effects& effects) {
    for (Blame& blame : watched.blames) {
      blame.after(input, effects, playback.record());
    }
  });
  for (std::size_t i = from; i < journal.records.size(); ++i) {
    playback.take(journal.records[i], {});
  }
  REQUIRE(!playback.failure());
  watched.snapshot = playback.replay()->engine().snapshot();
  return watched;
}

Blame blame_of(const std::string& key, std::optional<SliceIndex> at = {}) {
  return watch(Match().journal(), {Blame(key, at)}).blames.front();
}

}  // namespace

TEST_CASE("blame: each write of a key has its reaction, its revision and its fate") {
  const Blame blame = blame_of("scene");
  REQUIRE(blame.writes().size() == 4);
  const KeyWrite& first = blame.writes()[0];
  CHECK(first.crew.value == "vision");
  CHECK(first.slice.value == 0);
  CHECK(first.attempt.value == 1);
  CHECK(first.value == "\"pitch\"");
  CHECK(first.record == 3);
  CHECK(first.revision.value == 1);
  CHECK(first.beat == SliceIndex{1});
  CHECK(first.fate == Fate::stands);
  CHECK(first.causes.empty());
  const KeyWrite& loser = blame.writes()[2];
  CHECK(loser.crew.value == "vision");
  CHECK(loser.fate == Fate::lost);
  CHECK(loser.because == "commentator");
  CHECK(loser.beat == SliceIndex{6});
  REQUIRE(blame.last() != nullptr);
  CHECK(blame.last()->value == "\"right\"");
}

TEST_CASE("blame: the last write goes back to its events and to what its reaction needed") {
  const Blame blame = blame_of("scene");
  REQUIRE(blame.last() != nullptr);
  const std::vector<Cause>& causes = blame.last()->causes;
  REQUIRE(causes.size() == 2);
  CHECK(causes[0].depth == 0);
  CHECK(causes[0].reaction.crew.value == "commentator");
  CHECK(causes[0].reaction.events ==
        std::vector<EventBrief>{{{3}, "goal", "2025-07-31T19:22:01.600Z"}});
  CHECK(causes[1].depth == 1);
  CHECK(causes[1].reaction.crew.value == "vision");
  CHECK(causes[1].reaction.slice.value == 4);
  CHECK(causes[1].reaction.events ==
        std::vector<EventBrief>{{{4}, "frame", "2025-07-31T19:22:02.100Z"}});
}

TEST_CASE("blame: as of a slice it knows nothing of later beats") {
  const Blame blame = blame_of("scene", SliceIndex{4});
  CHECK(blame.is_done());
  REQUIRE(blame.writes().size() == 1);
  CHECK(blame.last()->value == "\"pitch\"");
  CHECK(blame_of("scene", SliceIndex{0}).writes().empty());
  CHECK(blame_of("nobody writes this").last() == nullptr);
}

TEST_CASE("blame: the last write that stands is what the context has, in random runs") {
  int written = 0;
  std::map<std::string, int> fates;
  for (const auto clock : {proto::ClockMode::wall, proto::ClockMode::event}) {
    for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6, 7, 8}) {
      const Scenario scenario = make_scenario(seed, clock);
      const Journal journal = write_journal(scenario, run_of(scenario).inputs, seed);
      std::vector<std::string> keys;
      std::vector<Blame> blames;
      for (const char* key : {"k0", "k1", "k2", "k3", "k4", "k5"}) {
        keys.emplace_back(key);
        blames.emplace_back(key, std::nullopt);
      }
      const Watched watched = watch(journal, std::move(blames));
      for (std::size_t i = 0; i < keys.size(); ++i) {
        INFO("seed ", seed, ", clock ", proto::to_string(clock), ", key ", keys[i]);
        const auto& writes = watched.blames[i].writes();
        for (const KeyWrite& write : writes) {
          ++fates[std::string(to_string(write.fate))];
        }
        // Policies that combine values have more to say than the last writer.
        if (scenario.options.context_keys.contains(keys[i]) || writes.empty()) {
          continue;
        }
        const auto merged = std::find_if(writes.rbegin(), writes.rend(), [](const KeyWrite& w) {
          return w.fate == Fate::stands || w.fate == Fate::truncated;
        });
        const bool is_there =
            merged != writes.rend() && merged->fate == Fate::stands && !merged->value.empty();
        const auto& context = watched.snapshot.context;
        const auto found = context.find(keys[i]);
        REQUIRE((found != context.end()) == is_there);
        if (is_there) {
          CHECK(found->second == merged->value);
          CHECK(!merged->causes.empty());
          ++written;
        }
      }
    }
  }
  CHECK(written > 10);
  CHECK(fates["stands"] > 0);
  CHECK(fates["lost"] > 0);
  CHECK(fates["refused"] > 0);
  CHECK(fates["truncated"] > 0);
}

TEST_CASE("blame: from a later checkpoint it knows what was in flight and what waited there") {
  for (const auto clock : {proto::ClockMode::wall, proto::ClockMode::event}) {
    for (const std::uint64_t seed : {1, 2, 3}) {
      const Journal journal = journal_of(seed, clock);
      const std::size_t from = whole_checkpoints(journal).front();
      for (const char* key : {"k0", "k1", "k2"}) {
        INFO("seed ", seed, ", clock ", proto::to_string(clock), ", key ", key);
        const Blame whole = watch(journal, {Blame(key, {})}).blames.front();
        const Blame rest = watch(journal, {Blame(key, {})}, from).blames.front();
        REQUIRE(rest.writes().size() <= whole.writes().size());
        for (std::size_t i = 1; i <= rest.writes().size(); ++i) {
          const KeyWrite& a = rest.writes()[rest.writes().size() - i];
          const KeyWrite& b = whole.writes()[whole.writes().size() - i];
          CHECK(a.crew == b.crew);
          CHECK(a.slice == b.slice);
          CHECK(a.value == b.value);
          CHECK(a.fate == b.fate);
          CHECK(a.beat == b.beat);
          CHECK(a.revision == b.revision);
        }
      }
    }
  }
}
