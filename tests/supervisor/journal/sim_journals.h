#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "supervisor/journal/playback.h"
#include "tests/sim/journal.h"
#include "tests/sim/run.h"

// Journals of simulated runs for the tests of this folder.
namespace lc::sim {

inline constexpr std::int64_t kSlices = 150;

inline Run run_of(const Scenario& scenario) {
  return scenario.options.clock == proto::ClockMode::wall ? run_wall_clock(scenario, kSlices)
                                                          : run_event_clock(scenario, kSlices, 1);
}

inline Journal journal_of(std::uint64_t seed, proto::ClockMode clock) {
  const Scenario scenario = make_scenario(seed, clock);
  return write_journal(scenario, run_of(scenario).inputs, seed);
}

/// Seals the records from index `first` on anew, so that each follows the one before.
inline void seal_again(Journal& journal, std::size_t first) {
  constexpr std::size_t kSealBytes = 64 + 11;
  const std::string key = "\"prev\":\"";
  for (std::size_t i = first; i < journal.records.size(); ++i) {
    std::string& text = journal.records[i];
    const std::string& before = journal.records[i - 1];
    text.replace(text.find(key) + key.size(), 64, before.substr(before.size() - 66, 64));
    text.resize(text.size() - kSealBytes);
    journal::seal(text);
  }
}

inline journal::EventSource events_of(const Journal& journal) {
  return [&journal](StreamSeq seq) -> Result<std::string> {
    const auto it = journal.events.find(seq.value);
    return it == journal.events.end() ? fail(ErrorCode::not_found, "no such event")
                                      : Result<std::string>(it->second);
  };
}

inline journal::Playback play(const Journal& journal, std::size_t from = 0) {
  journal::Playback playback({"sim"}, events_of(journal));
  for (std::size_t i = from; i < journal.records.size(); ++i) {
    playback.take(journal.records[i], StreamSeq{static_cast<std::int64_t>(i) + 1});
  }
  return playback;
}

/// Indices of checkpoints in one record, without the first record.
inline std::vector<std::size_t> whole_checkpoints(const Journal& journal) {
  std::vector<std::size_t> found;
  for (std::size_t i = 1; i < journal.records.size(); ++i) {
    if (journal.records[i].find("\"body\":{\"why\":") != std::string::npos) {
      found.push_back(i);
    }
  }
  return found;
}

}  // namespace lc::sim
