#pragma once

#include <doctest/doctest.h>

#include <utility>
#include <vector>

#include "supervisor/rerun/lock_step.h"
#include "supervisor/rerun/reactions.h"
#include "supervisor/rerun/tape.h"
#include "tests/supervisor/journal/sim_journals.h"

// Tapes of simulated runs for the tests of this folder.
namespace lc::sim {

inline Result<rerun::Tape> try_tape_of(const Journal& journal) {
  journal::Playback playback({"sim"}, events_of(journal));
  rerun::TapeMaker maker(playback, {"sim"});
  for (std::size_t i = 0; i < journal.records.size(); ++i) {
    playback.take(journal.records[i], StreamSeq{static_cast<std::int64_t>(i) + 1});
    if (playback.failure()) {
      return std::unexpected(playback.failure()->error);
    }
    if (auto status = maker.on_record(journal.records[i]); !status) {
      return std::unexpected(status.error());
    }
  }
  return maker.take();
}

inline rerun::Tape tape_of(const Journal& journal) {
  auto tape = try_tape_of(journal);
  REQUIRE_MESSAGE(tape, (tape ? "" : tape.error().message));
  return std::move(*tape);
}

/// A simulated run without stops and starts: its tape.
inline rerun::Tape plain_tape(std::uint64_t seed, proto::ClockMode clock) {
  const Scenario scenario = make_scenario(seed, clock);
  return tape_of(write_plain_journal(scenario, run_of(scenario).inputs));
}

struct Played {
  rerun::RunLines lines;
  Sha256 run_of_tape{};
  std::int64_t unknown = 0;
};

/// Plays a tape whose crews all answer from it.
inline Played play_tape(const rerun::Tape& tape) {
  Played played;
  rerun::ReactionLog log;
  Sha256 run = tape.stretches.front().run;
  for (const rerun::Stretch& stretch : tape.stretches) {
    const bool is_last = &stretch == &tape.stretches.back();
    rerun::LockStep play(stretch,
                         is_last ? rerun::LockStep::Then::end : rerun::LockStep::Then::more, {},
                         run, [&log](const engine::Input& input, const engine::Effects& effects) {
                           log.step(input, effects);
                         });
    CHECK(play.go().empty());
    CHECK(play.is_done());
    run = play.run();
    played.run_of_tape = play.run_of_tape();
    played.unknown += play.unknown();
    log.end(play.engine().snapshot().context, run);
  }
  played.lines = log.take();
  return played;
}

}  // namespace lc::sim
