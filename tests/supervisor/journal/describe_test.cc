#include "supervisor/journal/describe.h"

#include <doctest/doctest.h>

#include "tests/supervisor/journal/match.h"
#include "tests/supervisor/journal/sim_journals.h"

using namespace lc;
using namespace lc::journal;

namespace {

Described described(const std::string& text) {
  const auto record = parse_record(text, {"sim"});
  REQUIRE_MESSAGE(record, record.error().message);
  auto words = describe(*record, text);
  REQUIRE_MESSAGE(words, words.error().message);
  return *std::move(words);
}

}  // namespace

TEST_CASE("describe: a record says what was told and what was decided") {
  const sim::Journal journal = sim::Match().journal();
  const char* const lines[] = {
      "1 checkpoint - start; slice 0 open; ctx rev 0",
      "2 slice      2025-07-31T19:22:00.520Z event 1; slice 0 closed: 1 events, ready vision; "
      "dispatched vision 0/1",
      "3 outcome    2025-07-31T19:22:00.700Z vision 0/1 ok, writes 1 key; 1 action: sim.0.vision.0",
      "4 slice      2025-07-31T19:22:01.020Z event 2; slice 1 closed: 1 events, ready commentator, "
      "stats; dispatched commentator 1/1, stats 1/1; ctx rev 1",
      "5 outcome    2025-07-31T19:22:01.100Z commentator 1/1 ok, writes 1 key; 1 action: "
      "sim.1.commentator.0",
      "6 outcome    2025-07-31T19:22:01.200Z stats 1/1 timeout: took longer than 200 ms; errors "
      "reaction_failed",
      "7 slice      2025-07-31T19:22:01.520Z ctx rev 2",
      "8 slice      2025-07-31T19:22:02.020Z event 3; slice 3 closed: 1 events, ready stats, "
      "waiting commentator (vision@-1); dispatched stats 3/1",
  };
  for (std::size_t i = 0; i < std::size(lines); ++i) {
    CHECK(line_of(described(journal.records[i])) == lines[i]);
  }
  CHECK(line_of(described(journal.records[15])) ==
        "16 order      2025-07-31T19:22:03.550Z disable vision: it sees ghosts; errors disabled");
}

TEST_CASE("describe: a record tells of the slices that it closes, dispatches for and answers for") {
  const sim::Journal journal = sim::Match().journal();
  std::vector<std::int64_t> of_one;
  for (const std::string& text : journal.records) {
    const Described one = described(text);
    if (one.slices.contains({1})) {
      of_one.push_back(one.n);
    }
  }
  CHECK(of_one == std::vector<std::int64_t>{4, 5, 6});
}

TEST_CASE("describe: every record of random runs has words") {
  for (const auto clock : {proto::ClockMode::wall, proto::ClockMode::event}) {
    for (const std::uint64_t seed : {1, 2, 3, 4}) {
      for (const std::string& text : sim::journal_of(seed, clock).records) {
        const Described one = described(text);
        CHECK(!one.words.empty());
        CHECK((clock == proto::ClockMode::wall || !one.at));
      }
    }
  }
}
