// The journals of random worlds: a replay decides the same, from every checkpoint on, and whatever
// is changed in a journal is found.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "supervisor/journal/record.h"
#include "tests/sim/journal.h"
#include "tests/sim/random.h"
#include "tests/sim/run.h"
#include "tests/sim/seed.h"

using namespace lc;
using namespace lc::sim;

namespace {

constexpr int kWorlds = 12;
constexpr std::int64_t kSlices = 200;

Run run_of(const Scenario& scenario, std::uint64_t speed) {
  return scenario.options.clock == proto::ClockMode::wall
             ? run_wall_clock(scenario, kSlices)
             : run_event_clock(scenario, kSlices, speed);
}

std::string words(const Result<journal::Replay>& replay) {
  return replay ? "" : replay.error().message;
}

// Numbers of the first parts of whole checkpoints.
std::vector<std::int64_t> checkpoints(const Journal& journal) {
  std::vector<std::int64_t> found;
  for (const std::string& text : journal.records) {
    const auto record = journal::parse_record(text, {"sim"});
    REQUIRE_MESSAGE(record, record.error().message);
    if (record->kind == journal::RecordKind::checkpoint && record->part == 1) {
      found.push_back(record->n);
    }
  }
  return found;
}

std::int64_t length(const Journal& journal) {
  return static_cast<std::int64_t>(journal.records.size());
}

template <class Check>
void each_world(Check&& check) {
  for (const auto clock : {proto::ClockMode::wall, proto::ClockMode::event}) {
    for (std::uint64_t seed = first_seed(); seed < first_seed() + kWorlds; ++seed) {
      INFO("LC_SIM_SEED=", seed, ", clock ", proto::to_string(clock));
      const Scenario scenario = make_scenario(seed, clock);
      check(scenario, write_journal(scenario, run_of(scenario, 1).inputs, seed), seed);
    }
  }
}

}  // namespace

TEST_CASE("journal: a replay writes what was written, from every checkpoint on") {
  each_world([](const Scenario&, const Journal& journal, std::uint64_t) {
    const std::vector<std::int64_t> starts = checkpoints(journal);
    REQUIRE(starts.front() == 1);
    for (const std::int64_t from : {starts.front(), starts[starts.size() / 2], starts.back()}) {
      const auto replay = replay_journal(journal, from, length(journal) + 1);
      REQUIRE_MESSAGE(replay, words(replay));
      CHECK(to_hex(replay->end().run) == journal.run);
      CHECK(replay->end().n == length(journal));
    }
  });
}

TEST_CASE("journal: what is rebuilt at any record goes on as the one that was there") {
  each_world([](const Scenario& scenario, const Journal& journal, std::uint64_t seed) {
    Random dice(seed);
    const std::vector<std::int64_t> starts = checkpoints(journal);
    const std::int64_t to = dice.within(2, length(journal));
    std::int64_t from = 1;
    for (const std::int64_t start : starts) {
      from = start + 12 < to ? start : from;
    }
    const auto whole = replay_journal(journal, 1, to);
    const auto tail = replay_journal(journal, from, to);
    REQUIRE_MESSAGE(whole, words(whole));
    REQUIRE_MESSAGE(tail, words(tail));
    CHECK(tail->engine().checkpoint() == whole->engine().checkpoint());
    CHECK(tail->end() == whole->end());
    CHECK(tail->engine().given_seq() == whole->engine().given_seq());
    CHECK(scenario.options.stream == tail->options().stream);
  });
}

TEST_CASE("journal: with the event clock one digest tells that runs are the same") {
  for (std::uint64_t seed = first_seed(); seed < first_seed() + kWorlds; ++seed) {
    INFO("LC_SIM_SEED=", seed);
    const Scenario scenario = make_scenario(seed, proto::ClockMode::event);
    const std::string run = write_plain_journal(scenario, run_of(scenario, 1).inputs).run;
    CHECK(write_plain_journal(scenario, run_of(scenario, 2).inputs).run == run);
    const Scenario other = make_scenario(seed + 1, proto::ClockMode::event);
    CHECK(write_plain_journal(other, run_of(other, 1).inputs).run != run);
  }
}

TEST_CASE("journal: a byte that is changed, a record that is missing, moved or cut is found") {
  each_world([](const Scenario&, const Journal& journal, std::uint64_t seed) {
    Random dice(seed);
    const auto index = [&dice, &journal](std::int64_t first) {
      return static_cast<std::size_t>(dice.within(first, length(journal) - 2));
    };
    const auto refused = [](const Journal& damaged) {
      const auto replay = replay_journal(damaged, 1, length(damaged) + 1);
      return !replay && replay.error().code == ErrorCode::corrupt;
    };
    for (int i = 0; i < 20; ++i) {
      Journal damaged = journal;
      std::string& text = damaged.records[index(0)];
      const auto at =
          static_cast<std::size_t>(dice.within(0, static_cast<std::int64_t>(text.size()) - 1));
      text[at] = static_cast<char>(text[at] ^ (1 << dice.within(0, 6)));
      const auto replay = replay_journal(damaged, 1, length(damaged) + 1);
      CHECK_MESSAGE(!replay, "byte ", at, " of ", text);
    }
    Journal missing = journal;
    missing.records.erase(missing.records.begin() + static_cast<std::ptrdiff_t>(index(1)));
    CHECK(refused(missing));
    Journal moved = journal;
    const std::size_t at = index(1);
    std::swap(moved.records[at], moved.records[at + 1]);
    CHECK(refused(moved));
    Journal cut = journal;
    std::string& text = cut.records[index(1)];
    text.resize(text.size() / 2);
    CHECK(refused(cut));
  });
}

TEST_CASE("journal: an event that is gone from its stream is named") {
  const Scenario scenario = make_scenario(first_seed(), proto::ClockMode::wall);
  Journal journal = write_plain_journal(scenario, run_of(scenario, 1).inputs);
  journal.events.erase(journal.events.begin());
  const auto replay = replay_journal(journal, 1, length(journal) + 1);
  REQUIRE(!replay);
  CHECK(replay.error().code == ErrorCode::not_found);
}
