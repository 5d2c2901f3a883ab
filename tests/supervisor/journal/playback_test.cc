#include "supervisor/journal/playback.h"

#include <doctest/doctest.h>

#include "supervisor/journal/start.h"
#include "tests/supervisor/journal/sim_journals.h"

using namespace lc;
using namespace lc::sim;
using lc::journal::Playback;
using lc::journal::StartFinder;

namespace {

constexpr std::uint64_t kSeeds[] = {1, 2, 3, 4, 5};

template <class Check>
void each_journal(Check&& check) {
  for (const auto clock : {proto::ClockMode::wall, proto::ClockMode::event}) {
    for (const std::uint64_t seed : kSeeds) {
      INFO("seed ", seed, ", clock ", proto::to_string(clock));
      check(journal_of(seed, clock));
    }
  }
}

std::string words(const Playback& playback) {
  return playback.failure() ? playback.failure()->error.message : "";
}

void add_loss(Journal& journal, std::size_t index) {
  std::string& text = journal.records[index];
  const std::string before = "\"strict_events\":";
  text.insert(text.find(before), R"("loss":{"what":"a bad disk"},)");
  seal_again(journal, index);
}

}  // namespace

TEST_CASE("playback: a whole journal is replayed from its first record to its last") {
  each_journal([](const Journal& journal) {
    const Playback playback = play(journal);
    REQUIRE_MESSAGE(!playback.failure(), words(playback));
    CHECK(playback.first() == 1);
    CHECK(playback.passed() == 0);
    CHECK(playback.replayed() == static_cast<std::int64_t>(journal.records.size()));
    CHECK(to_hex(playback.end().run) == journal.run);
  });
}

TEST_CASE("playback: records before the first whole checkpoint are passed over") {
  each_journal([](const Journal& journal) {
    const std::vector<std::size_t> starts = whole_checkpoints(journal);
    REQUIRE(!starts.empty());
    const std::size_t from = starts.front() / 2 + 1;
    const Playback playback = play(journal, from);
    REQUIRE_MESSAGE(!playback.failure(), words(playback));
    CHECK(playback.first() > static_cast<std::int64_t>(from));
    CHECK(playback.passed() == playback.first() - static_cast<std::int64_t>(from) - 1);
    CHECK(playback.passed() + playback.replayed() ==
          static_cast<std::int64_t>(journal.records.size() - from));
  });
}

TEST_CASE("playback: what cannot be replayed fails once, at its own record") {
  Journal journal = journal_of(1, proto::ClockMode::wall);
  journal.records[20][100] ^= 1;
  const Playback playback = play(journal);
  REQUIRE(playback.failure());
  CHECK(playback.failure()->record == 21);
  CHECK(playback.failure()->error.code == ErrorCode::corrupt);
  CHECK(!playback.failure()->divergence);
  CHECK(playback.replayed() == 20);
}

TEST_CASE("playback: another decision is a divergence, and tells both sides") {
  Journal journal = journal_of(1, proto::ClockMode::wall);
  std::size_t changed = 0;
  for (std::size_t i = 1; i < journal.records.size() && changed == 0; ++i) {
    const std::size_t at = journal.records[i].find("\"ready\":[\"");
    if (at != std::string::npos) {
      journal.records[i].replace(at, 10, "\"ready\":[\"x");
      changed = i;
    }
  }
  REQUIRE(changed > 0);
  seal_again(journal, changed);
  const Playback playback = play(journal);
  REQUIRE(playback.failure());
  CHECK(playback.failure()->record == static_cast<std::int64_t>(changed) + 1);
  REQUIRE(playback.failure()->divergence);
  CHECK(words(playback).find("recorded `") != std::string::npos);
  CHECK(words(playback).find("replayed `") != std::string::npos);
}

TEST_CASE("playback: what an accepted loss gave up is told, and the rest is replayed") {
  each_journal([](Journal journal) {
    const std::size_t checkpoint = whole_checkpoints(journal).back();
    REQUIRE(checkpoint > 4);
    add_loss(journal, checkpoint);
    const Playback whole = play(journal);
    REQUIRE_MESSAGE(!whole.failure(), words(whole));
    REQUIRE(whole.losses().size() == 1);
    CHECK(!whole.losses()[0].failure);

    journal.records[checkpoint - 3][50] ^= 1;
    const Playback playback = play(journal);
    REQUIRE_MESSAGE(!playback.failure(), words(playback));
    REQUIRE(playback.losses().size() == 1);
    const lc::journal::Loss& loss = playback.losses()[0];
    CHECK(loss.checkpoint == static_cast<std::int64_t>(checkpoint) + 1);
    CHECK(loss.what == R"({"what":"a bad disk"})");
    REQUIRE(loss.failure);
    CHECK(loss.failure->record == static_cast<std::int64_t>(checkpoint) - 2);
    CHECK(playback.replayed() == static_cast<std::int64_t>(journal.records.size()) - 3);
    CHECK(playback.end().n == static_cast<std::int64_t>(journal.records.size()));
  });
}

TEST_CASE("playback: an event that is gone is a failure that names it") {
  Journal journal = journal_of(2, proto::ClockMode::event);
  journal.events.erase(std::prev(journal.events.end()));
  const Playback playback = play(journal);
  REQUIRE(playback.failure());
  CHECK(playback.failure()->error.code == ErrorCode::not_found);
}

TEST_CASE("playback: the search for a start finds the first checkpoint with all its events") {
  each_journal([](const Journal& journal) {
    const auto find = [&journal](std::int64_t first_event) {
      StartFinder finder({"sim"}, {first_event});
      for (std::size_t i = 0; i < journal.records.size() && !finder.is_sure(); ++i) {
        finder.take(journal.records[i], {static_cast<std::int64_t>(i) + 1});
      }
      return finder.start();
    };
    CHECK(find(1) == 1);
    const std::int64_t middle = static_cast<std::int64_t>(journal.events.size()) / 2;
    const auto start = find(middle);
    if (!start) {
      return;  // no checkpoint lies behind the middle
    }
    CHECK(*start > 1);
    Journal rest = journal;
    rest.events.erase(rest.events.begin(), rest.events.lower_bound(middle));
    const Playback playback = play(rest, static_cast<std::size_t>(*start) - 1);
    CHECK_MESSAGE(!playback.failure(), words(playback));
  });
}
