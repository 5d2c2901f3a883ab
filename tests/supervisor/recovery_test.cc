// Journals of simulated worlds on a bus in memory, whole and damaged.

#include "supervisor/recovery.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "proto/subjects.h"
#include "supervisor/journal_head.h"
#include "tests/sim/journal.h"
#include "tests/sim/run.h"
#include "tests/support/memory_bus.h"

namespace lc::supervisor {
namespace {

using sim::Journal;

const StreamId kStream{"sim"};
constexpr std::int64_t kSlices = 200;

Journal journal_of(std::uint64_t seed, std::int64_t slices = kSlices) {
  const sim::Scenario scenario = sim::make_scenario(seed, proto::ClockMode::wall);
  return sim::write_journal(scenario, sim::run_wall_clock(scenario, slices).inputs, seed);
}

journal::Record record_of(const Journal& journal, std::size_t n) {
  return *journal::parse_record(journal.records[n - 1], kStream);
}

// Number of the first part of the last whole checkpoint before the last record.
std::size_t last_checkpoint(const Journal& journal) {
  return static_cast<std::size_t>(record_of(journal, journal.records.size()).checkpoint);
}

// A journal that goes on for a few records after its last checkpoint, which is not its first.
Journal with_tail() {
  for (std::uint64_t seed = 1;; ++seed) {
    Journal journal = journal_of(seed);
    const std::size_t at = last_checkpoint(journal);
    if (at > 1 && at + 8 < journal.records.size() && record_of(journal, at).parts == 1 &&
        record_of(journal, journal.records.size()).kind != journal::RecordKind::checkpoint) {
      return journal;
    }
  }
}

struct World {
  explicit World(const Journal& journal, std::size_t events_max = 1'000'000) {
    bus.pump_all();
    make(proto::journal_stream(kStream), proto::journal_subject(kStream));
    make(proto::events_stream(kStream), proto::events_subject(kStream));
    for (const std::string& text : journal.records) {
      put(proto::journal_subject(kStream), text);
    }
    const std::int64_t last = journal.events.empty() ? 0 : journal.events.rbegin()->first;
    for (std::int64_t seq = 1; seq <= std::min<std::int64_t>(last, events_max); ++seq) {
      const auto it = journal.events.find(seq);
      put(proto::events_subject(kStream), it == journal.events.end() ? "no event" : it->second);
    }
  }

  void make(const std::string& name, const std::string& subject) {
    bus.ensure_stream({.name = name, .subject = subject, .max_bytes = 1 << 30},
                      [](const Result<StreamInfo>&) {});
    bus.pump_all();
  }

  void put(const std::string& subject, const std::string& text) {
    REQUIRE(bus.publish_acked(subject, text, fmt::format("{}", ++puts), [](auto) {}));
    bus.pump_all();
  }

  Result<Recovered> recover(OnLoss on_loss = OnLoss::refuse) {
    std::optional<Result<Recovered>> out;
    supervisor::recover(bus, {.stream = kStream, .on_loss = on_loss},
                        [&out](Result<Recovered> result) { out = std::move(result); });
    bus.pump_all();
    REQUIRE(out);
    return std::move(*out);
  }

  void keep_head(const JournalHead& head) {
    bus.ensure_bucket({.name = proto::ctx_bucket(kStream)}, [](const Result<bool>&) {});
    bus.pump_all();
    bus.kv_put(proto::ctx_bucket(kStream), std::string(kJournalHeadKey), write_journal_head(head),
               [](const Result<std::uint64_t>& kept) { REQUIRE(kept); });
    bus.pump_all();
  }

  MemoryBus bus;
  int puts = 0;
};

JournalHead head_of(const Journal& journal, std::size_t n) {
  return {.n = static_cast<std::int64_t>(n), .hash = to_hex(record_of(journal, n).hash)};
}

std::string refusal(const Journal& journal, ErrorCode code = ErrorCode::corrupt) {
  const auto recovered = World(journal).recover();
  REQUIRE_FALSE(recovered);
  CHECK(recovered.error().code == code);
  return recovered.error().message;
}

bool has(const std::string& text, std::string_view words) {
  const bool found = text.find(words) != std::string::npos;
  CHECK_MESSAGE(found, words, " in: ", text);
  return found;
}

std::string named(std::size_t n) {
  return fmt::format("record {} of the journal LIVE_sim_JOURNAL: ", n);
}

TEST_CASE("recovery: an empty journal is a beginning") {
  const auto recovered = World(Journal{}).recover();
  REQUIRE(recovered);
  CHECK_FALSE(recovered->replay);
  CHECK(recovered->end == journal::ChainEnd{});
  CHECK(recovered->loss.empty());
}

TEST_CASE("recovery: a whole journal is read from its last checkpoint to its end") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed ", seed);
    const Journal journal = journal_of(seed);
    const auto recovered = World(journal).recover();
    REQUIRE_MESSAGE(recovered, recovered.error().message);
    REQUIRE(recovered->replay);
    CHECK(recovered->end.n == static_cast<std::int64_t>(journal.records.size()));
    CHECK(to_hex(recovered->end.run) == journal.run);
    CHECK(recovered->end == recovered->replay->end());
    CHECK(recovered->loss.empty());
    const auto whole = sim::replay_journal(journal, 1, recovered->end.n + 1);
    REQUIRE(whole);
    CHECK(recovered->replay->engine().checkpoint() == whole->engine().checkpoint());
  }
}

TEST_CASE("recovery: what a last checkpoint lacks its parts for, the one before tells") {
  int found = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Journal journal = journal_of(seed);
    for (std::size_t n = journal.records.size(); n > 1; --n) {
      const journal::Record record = record_of(journal, n);
      if (record.parts == 1 || record.part == record.parts || record.checkpoint == 0) {
        continue;
      }
      journal.records.resize(n);
      const auto recovered = World(journal).recover();
      REQUIRE_MESSAGE(recovered, recovered.error().message);
      REQUIRE(recovered->replay);
      CHECK(recovered->end.n == static_cast<std::int64_t>(n));
      CHECK(recovered->end.checkpoint == record.checkpoint);
      ++found;
      break;
    }
  }
  CHECK(found > 5);
}

TEST_CASE("recovery: a first checkpoint without its end is nothing to go on from") {
  for (std::uint64_t seed = 1;; ++seed) {
    Journal journal = journal_of(seed);
    const auto at = std::ranges::find_if(journal.records, [](const std::string& text) {
      return journal::parse_record(text, kStream)->parts > 1;
    });
    if (at == journal.records.end()) {
      continue;
    }
    std::string text = *at;  // as the first record: with nothing before it
    Journal first;
    const std::string seal = R"(,"hash":)";
    text.resize(text.rfind(seal));
    const auto replace = [&text](const std::string& from, const std::string& to) {
      const std::size_t start = text.find(from) + from.size();
      text.replace(start, text.find(',', start) - start, to);
    };
    replace(R"("n":)", "1");
    replace(R"("prev":)", '"' + std::string(64, '0') + '"');
    replace(R"("checkpoint":)", "0");
    journal::seal(text);
    first.records = {text};
    const auto recovered = World(first).recover();
    REQUIRE_MESSAGE(recovered, recovered.error().message);
    CHECK_FALSE(recovered->replay);
    CHECK(recovered->end.n == 1);
    CHECK(recovered->end.checkpoint == 0);
    return;
  }
}

TEST_CASE("recovery: damage behind the last checkpoint is named, and accepted on request") {
  const Journal whole = with_tail();
  const std::size_t last = whole.records.size();
  const std::size_t at = last - 3;
  struct Damage {
    const char* name;
    std::size_t n;  // the record that is named
    std::function<void(Journal&)> make;
    std::string_view words;
  };
  const auto change = [](std::size_t n, const std::string& from, const std::string& to) {
    return [n, from, to](Journal& journal) {
      std::string& text = journal.records[n - 1];
      text.replace(text.find(from), from.size(), to);
    };
  };
  const Damage damages[] = {
      {"a changed byte", at, change(at, R"("settled")", R"("Settled")"), "it was changed or cut"},
      {"a record that is gone", at,
       [at](Journal& journal) {
         journal.records.erase(journal.records.begin() + static_cast<std::ptrdiff_t>(at - 1));
       },
       "records were moved or are missing"},
      {"two that changed places", at,
       [at](Journal& journal) { std::swap(journal.records[at - 1], journal.records[at]); },
       "records were moved or are missing"},
      {"no record at the end", last + 1,
       [](Journal& journal) { journal.records.emplace_back(R"({"v":1,"stream":"sim"})"); },
       "are too few for a record"},
      {"no JSON at the end", last + 1,
       [](Journal& journal) { journal.records.emplace_back("\xff{"); }, "not a record: "},
  };
  for (const Damage& damage : damages) {
    INFO(damage.name);
    Journal journal = whole;
    damage.make(journal);
    const std::string message = refusal(journal);
    has(message, named(damage.n));
    has(message, damage.words);
    has(message, "--accept-loss goes on from the last record before");
    const auto recovered = World(journal).recover(OnLoss::accept);
    REQUIRE_MESSAGE(recovered, recovered.error().message);
    REQUIRE(recovered->replay);
    CHECK(recovered->replay->end().n == static_cast<std::int64_t>(damage.n) - 1);
    CHECK(recovered->end.n == static_cast<std::int64_t>(journal.records.size()));
    has(recovered->loss, fmt::format(R"({{"records":[{},{}],"why":)", damage.n, recovered->end.n));
  }
}

TEST_CASE(
    "recovery: another format's or another stream's journal is left alone, whatever is said") {
  for (const auto& [from, to, words] :
       {std::tuple(R"({"v":1,)", R"({"v":2,)",
                   "a journal of format 2; this program reads format 1"),
        std::tuple(R"("stream":"sim")", R"("stream":"other")", "a record of stream ")}) {
    Journal journal = with_tail();
    std::string& text = journal.records.back();
    text.replace(text.find(from), std::string_view(from).size(), to);
    const std::string message = refusal(journal, ErrorCode::conflict);
    has(message, words);
    CHECK(message.find("--accept-loss") == std::string::npos);
    const auto accepted = World(journal).recover(OnLoss::accept);
    REQUIRE_FALSE(accepted);
    CHECK(accepted.error().code == ErrorCode::conflict);
  }
}

TEST_CASE("recovery: where the last checkpoint is damaged, the one before it is gone on from") {
  Journal journal = with_tail();
  const std::size_t at = last_checkpoint(journal);
  std::string& text = journal.records[at - 1];
  text.replace(text.find(R"("why")"), 5, R"("wyh")");
  has(refusal(journal), named(at));
  const auto recovered = World(journal).recover(OnLoss::accept);
  REQUIRE_MESSAGE(recovered, recovered.error().message);
  REQUIRE(recovered->replay);
  CHECK(recovered->replay->end().n == static_cast<std::int64_t>(at) - 1);
  CHECK(recovered->end.n == static_cast<std::int64_t>(journal.records.size()));
}

TEST_CASE("recovery: an event that its stream has no more is named") {
  const Journal journal = with_tail();
  const std::int64_t last_event = journal.events.rbegin()->first;
  World world(journal, static_cast<std::size_t>(last_event) - 1);
  const auto recovered = world.recover();
  REQUIRE_FALSE(recovered);
  CHECK(recovered.error().code == ErrorCode::corrupt);
  has(recovered.error().message,
      fmt::format("event {}, which it names, is not in the stream LIVE_sim_EVENTS any more",
                  last_event));
  const auto accepted = world.recover(OnLoss::accept);
  REQUIRE_MESSAGE(accepted, accepted.error().message);
  CHECK(accepted->replay->engine().given_seq().value < last_event);
}

TEST_CASE("recovery: a thousand records behind a checkpoint are read in one go") {
  const sim::Scenario scenario = sim::make_scenario(3, proto::ClockMode::wall);
  Journal journal = sim::write_plain_journal(scenario, sim::run_wall_clock(scenario, 3'000).inputs);
  REQUIRE(journal.records.size() > 1'001);
  journal.records.resize(1'001);
  const auto recovered = World(journal).recover();
  REQUIRE_MESSAGE(recovered, recovered.error().message);
  CHECK(recovered->records == 1'001);
  CHECK(recovered->replay->end().n == 1'001);
}

TEST_CASE("recovery: a server that does not answer is unavailable, and nothing is concluded") {
  World world(with_tail());
  world.bus.disconnect();
  const auto recovered = world.recover();
  REQUIRE_FALSE(recovered);
  CHECK(recovered.error().code == ErrorCode::unavailable);
}

TEST_CASE("recovery: a journal that ends before what was acknowledged is refused or given up") {
  const Journal whole = with_tail();
  const std::size_t last = whole.records.size();
  for (const std::size_t left : {last - 3, std::size_t{0}}) {
    CAPTURE(left);
    Journal journal = whole;
    journal.records.resize(left);
    World world(journal);
    world.keep_head(head_of(whole, last));
    const auto refused = world.recover();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::corrupt);
    has(refused.error().message, fmt::format("ends with record {}, but record {} was", left, last));
    has(refused.error().message, "--accept-loss");
    const auto accepted = world.recover(OnLoss::accept);
    REQUIRE_MESSAGE(accepted, accepted.error().message);
    CHECK(accepted->replay.has_value() == (left > 0));
    CHECK(accepted->end.n == static_cast<std::int64_t>(left));
    has(accepted->loss, fmt::format(R"({{"records":[{},{}],"why":)", left + 1, last));
  }
}

TEST_CASE("recovery: another record than the acknowledged one in its place is refused or told of") {
  const Journal journal = with_tail();
  const std::size_t n = journal.records.size() - 2;
  World world(journal);
  JournalHead head = head_of(journal, n);
  world.keep_head(head);
  REQUIRE(world.recover());
  head.hash[0] = head.hash[0] == '0' ? '1' : '0';
  world.keep_head(head);
  const auto refused = world.recover();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::corrupt);
  has(refused.error().message, fmt::format("record {} of the journal LIVE_sim_JOURNAL has", n));
  const auto accepted = world.recover(OnLoss::accept);
  REQUIRE_MESSAGE(accepted, accepted.error().message);
  CHECK(accepted->replay->end().n == static_cast<std::int64_t>(journal.records.size()));
  has(accepted->loss, fmt::format(R"({{"records":[{},{}],"why":)", n, journal.records.size()));
}

TEST_CASE("recovery: a journal that is behind is looked at again before it counts as damaged") {
  const Journal whole = with_tail();
  Journal journal = whole;
  const std::string last = journal.records.back();
  journal.records.pop_back();
  for (const bool comes : {true, false}) {
    CAPTURE(comes);
    World world(journal);
    world.keep_head(head_of(whole, whole.records.size()));
    int waits = 0;
    std::optional<Result<Recovered>> out;
    std::function<void()> again;
    supervisor::recover(
        world.bus,
        {.stream = kStream, .later = [&](std::function<void()> then) { again = std::move(then); }},
        [&out](Result<Recovered> result) { out = std::move(result); });
    world.bus.pump_all();
    while (again) {
      REQUIRE_FALSE(out);
      if (++waits == 3 && comes) {
        world.put(proto::journal_subject(kStream), last);
      }
      std::exchange(again, nullptr)();
      world.bus.pump_all();
    }
    REQUIRE(out);
    CHECK(out->has_value() == comes);
    CHECK((comes ? waits == 3 : waits > 10));
  }
}

TEST_CASE("recovery: a head that cannot be read is damage too") {
  const Journal journal = with_tail();
  World world(journal);
  world.keep_head({.n = 1, .hash = "short"});
  const auto refused = world.recover();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::corrupt);
  CHECK(world.recover(OnLoss::accept));
}

}  // namespace
}  // namespace lc::supervisor
