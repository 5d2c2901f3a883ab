#include "supervisor/rerun/tape.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/supervisor/rerun/tapes.h"

using namespace lc;
using namespace lc::engine;
using namespace lc::rerun;
using namespace lc::sim;

namespace {

std::vector<StreamSeq> events_in(const Stretch& stretch) {
  std::vector<StreamSeq> out;
  for (const TapeItem& item : stretch.items) {
    const auto* input = std::get_if<Input>(&item.what);
    if (const auto* event = input == nullptr ? nullptr : std::get_if<EventArrived>(input)) {
      out.push_back(event->seq);
    }
  }
  return out;
}

}  // namespace

TEST_CASE("tape: with the event clock everything stands as it came, each event once") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const Scenario scenario = make_scenario(seed, proto::ClockMode::event);
    const Journal journal = write_plain_journal(scenario, run_of(scenario).inputs);
    const Tape tape = tape_of(journal);
    REQUIRE(tape.stretches.size() == 1);
    const std::vector<StreamSeq> events = events_in(tape.stretches.front());
    CHECK(std::ranges::is_sorted(events));
    CHECK(events.size() == journal.events.size());
    CHECK(tape.events == static_cast<std::int64_t>(events.size()));
    CHECK(tape.refused == 0);
    CHECK(to_hex(tape.run) == journal.run);
  }
}

TEST_CASE("tape: with the wall clock what was refused is left out, the rest stands by slices") {
  std::int64_t refused = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed ", seed);
    const Scenario scenario = make_scenario(seed, proto::ClockMode::wall);
    const Journal journal = write_plain_journal(scenario, run_of(scenario).inputs);
    const Tape tape = tape_of(journal);
    const Stretch& stretch = tape.stretches.front();
    CHECK(std::ranges::is_sorted(stretch.items, {}, &TapeItem::slice));
    std::vector<StreamSeq> events = events_in(stretch);
    std::ranges::sort(events);
    CHECK(std::ranges::adjacent_find(events) == events.end());
    CHECK(tape.events + tape.refused == static_cast<std::int64_t>(journal.events.size()));
    refused += tape.refused;
  }
  CHECK(refused > 0);
}

TEST_CASE("tape: every reaction that ended has its answer") {
  for (const auto clock : {proto::ClockMode::wall, proto::ClockMode::event}) {
    const Scenario scenario = make_scenario(3, clock);
    const Run run = run_of(scenario);
    const Tape tape = tape_of(write_plain_journal(scenario, run.inputs));
    std::size_t answers = 0;
    for (const auto& [key, several] : tape.stretches.front().answers) {
      answers += several.size();
      for (const TapedAnswer& answer : several) {
        std::visit(
            [&](const auto& each) {
              CHECK(each.crew == key.first);
              CHECK(each.slice == key.second);
            },
            answer.outcome);
      }
    }
    CHECK(answers > 10);
    CHECK(static_cast<std::int64_t>(answers) <= run.dispatches);
  }
}

TEST_CASE("tape: a journal without a whole checkpoint is refused") {
  Journal journal = journal_of(1, proto::ClockMode::event);
  journal.records.erase(journal.records.begin());
  journal.records.resize(3);
  journal::Playback playback({"sim"}, events_of(journal));
  TapeMaker maker(playback, {"sim"});
  const auto tape = maker.take();
  REQUIRE(!tape);
  CHECK(tape.error().code == ErrorCode::corrupt);
}

TEST_CASE("tape: what was asked of models comes with its reaction") {
  const Scenario scenario = make_scenario(1, proto::ClockMode::event);
  Journal journal = write_plain_journal(scenario, run_of(scenario).inputs);
  const std::string note = R"({"t_ms":3})";
  std::size_t changed = 0;
  for (std::size_t i = 0; i < journal.records.size() && changed == 0; ++i) {
    if (const std::size_t at = journal.records[i].find(note); at != std::string::npos) {
      journal.records[i].replace(at, note.size(),
                                 R"({"t_ms":3,"usage":{},"model_calls":[{"request":")" +
                                     std::string(64, 'a') + R"(","answer":"GOAL!","usage":{}}]})");
      changed = i;
    }
  }
  REQUIRE(changed > 0);
  seal_again(journal, changed);
  const Tape tape = tape_of(journal);
  REQUIRE(tape.stretches.front().model_calls.size() == 1);
  const proto::CassetteEntry& entry = tape.stretches.front().model_calls.front();
  CHECK(tape.stretches.front().answers.contains({entry.crew, entry.slice}));
  REQUIRE(entry.model_calls.calls.size() == 1);
  CHECK(entry.model_calls.calls.front().answer->text == "GOAL!");

  const std::string bad = R"("answer":"GOAL!")";
  journal.records[changed].replace(journal.records[changed].find(bad), bad.size(),
                                   R"("answer":123456)");
  seal_again(journal, changed);
  const auto refused = try_tape_of(journal);
  REQUIRE(!refused);
  CHECK(refused.error().code == ErrorCode::corrupt);
  CHECK(refused.error().message.find("answer") != std::string::npos);
}
