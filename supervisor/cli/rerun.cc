// `replay --rerun`: the crews of a recorded run, run again on its events.

#include "supervisor/cli/rerun.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/clock.h"
#include "common/files.h"
#include "common/private_nats.h"
#include "supervisor/cli/crew_stage.h"
#include "supervisor/cli/journal_args.h"
#include "supervisor/cli/online.h"
#include "supervisor/cli/put.h"
#include "supervisor/cli/report.h"
#include "supervisor/cli/rerun_cast.h"
#include "supervisor/cli/scratch_cassette.h"
#include "supervisor/cli/whole_file.h"
#include "supervisor/options.h"
#include "supervisor/rerun/reactions.h"
#include "supervisor/summary.h"

namespace lc::cli {
namespace {

constexpr std::string_view kVerb = "replay";
constexpr const char* kCrewsVariable = "LIVE_CREW_CREWS";
constexpr std::size_t kGoldenBytesMax = std::size_t{4} << 30;

struct Rerun {
  std::map<std::string, std::string> swaps;  // empty: everybody of `crews_dir` runs
  std::string crews_dir;
  proto::LiveConfig config;
  std::string worker_binary;
  std::optional<rerun::RunLines> golden;
  std::string golden_file;
  std::string out_file;
  bool live_models = false;
};

struct RunResult {
  rerun::RunLines lines;
  supervisor::Summary summary;
  Sha256 run_of_tape{};  // when the tape was at its end, before it was told so
  std::int64_t unknown = 0;
};

// The data goes where OUT does not.
std::FILE* words_file(const Rerun& rerun, const Io& io) {
  return rerun.out_file == "-" ? io.err : io.out;
}

int refuse(int code, std::string_view words, Io& io) {
  put(io.err, "live-crew {}: {}\n", kVerb, words);
  return code;
}

std::string crews_folder(const Args& args) {
  const auto variable = args.environment().find(kCrewsVariable);
  return args.has("crews") || variable == args.environment().end() ? args.text("crews")
                                                                   : variable->second;
}

std::expected<Rerun, int> read_arguments(const Args& args, Io& io) {
  Rerun rerun{.crews_dir = crews_folder(args),
              .golden_file = args.text("compare"),
              .out_file = args.text("output"),
              .live_models = args.text("model") == "live"};
  if (args.has("crew") && args.has("crews")) {
    return std::unexpected(refuse(kExitUsage,
                                  "--crews runs everybody, --crew only whom it names: "
                                  "give one of them",
                                  io));
  }
  if (!args.has("crew") && rerun.crews_dir.empty()) {
    return std::unexpected(refuse(
        kExitUsage, "--rerun: name the folder of crews with --crews, or some with --crew", io));
  }
  auto swaps = parse_swaps(args.list("crew"));
  if (!swaps) {
    return std::unexpected(refuse(kExitUsage, swaps.error().message, io));
  }
  rerun.swaps = std::move(*swaps);
  std::string warnings;
  auto config = supervisor::read_live_config({.config_file = args.text("config")},
                                             args.environment(), warnings);
  put(io.err, "{}", warnings);
  if (!config) {
    put(io.err, "{}", config.error().text);
    return std::unexpected(config.error().exit_code);
  }
  rerun.config = std::move(*config);
  auto worker = supervisor::find_worker_binary(args.environment());
  if (!worker) {
    return std::unexpected(refuse(kExitConfig, worker.error().message, io));
  }
  rerun.worker_binary = std::move(*worker);
  return rerun;
}

// Everything that can be refused is refused before anything runs.
int read_golden(Rerun& rerun, Io& io) {
  if (rerun.golden_file.empty()) {
    return kExitOk;
  }
  const auto text = read_text_file(rerun.golden_file, kGoldenBytesMax);
  if (!text) {
    return refuse(kExitNoInput, rerun.golden_file + ": " + text.error().message, io);
  }
  auto lines = rerun::parse_lines(*text, rerun.golden_file);
  if (!lines) {
    put(io.err, "{}\n", lines.error().message);
    return kExitBadData;
  }
  rerun.golden = std::move(*lines);
  return kExitOk;
}

Result<rerun::Tape> read_tape(const Args& args, Io& io) {
  LC_TRY(auto source, open_journal(args, io));
  JournalSource& journal = *source;
  journal::Playback playback(journal.stream(),
                             [&journal](StreamSeq seq) { return journal.event(seq); });
  rerun::TapeMaker maker(playback, journal.stream());
  LC_TRY_STATUS(play_until(
      journal, playback, [] { return false; },
      [&maker](std::string_view text) { return maker.on_record(text); }));
  return maker.take();
}

LoadedCast load_cast(const Rerun& rerun, const rerun::Tape& tape) {
  return rerun.swaps.empty() ? cast_of_folder(rerun.crews_dir)
                             : cast_of_swaps(rerun.swaps, tape.stretches.front().options.crews);
}

// Who is in the recording and not in the folder, or the other way round, changes what is compared.
void tell_crews(const rerun::Tape& tape, const LoadedCast& cast, Io& io) {
  const std::vector<engine::CrewSpec>& recorded = tape.stretches.front().options.crews;
  const std::vector<engine::CrewSpec> now = cast.cast.crews(recorded);
  const auto missing = [](const std::vector<engine::CrewSpec>& in, const CrewId& crew) {
    return std::ranges::find(in, crew, &engine::CrewSpec::crew) == in.end();
  };
  for (const engine::CrewSpec& spec : now) {
    if (missing(recorded, spec.crew)) {
      put(io.err, "crew '{}' is new: the recording does not have it\n", spec.crew.value);
    }
  }
  for (const engine::CrewSpec& spec : recorded) {
    if (missing(now, spec.crew)) {
      put(io.err, "crew '{}' of the recording is not in the folder: it does not run\n",
          spec.crew.value);
    }
  }
}

/// Plays a tape from its first stretch to its last.
class Player {
 public:
  Player(const rerun::Tape& tape, const Rerun& rerun, const Args& args)
      : tape_(tape), rerun_(rerun), args_(args) {}

  /// With nobody real: what the tape itself says in lock-step.
  RunResult baseline() {
    auto result = play({}, [](rerun::LockStep& play, const rerun::Stretch&) {
      play.go();
      return Status{};
    });
    return std::move(*result);  // nothing of it can fail
  }

  Result<RunResult> perform(const LoadedCast& cast) {
    LC_TRY(const auto server, PrivateNats::start());
    return play(cast.cast, [&](rerun::LockStep& play, const rerun::Stretch& stretch) -> Status {
      std::unique_ptr<ScratchCassette> cassette;
      if (!rerun_.live_models) {
        LC_TRY(cassette, ScratchCassette::write(stretch.model_calls, args_.environment()));
      }
      return play_on_stage(play,
                           {.stream = tape_.stream,
                            .crews = cast.crews,
                            .config = rerun_.config,
                            .worker_binary = rerun_.worker_binary,
                            .environment = args_.environment(),
                            .cassette = cassette ? cassette->path() : "",
                            .cassette_shown = "of the recording"},
                           *server);
    });
  }

 private:
  using Perform = std::function<Status(rerun::LockStep&, const rerun::Stretch&)>;

  Result<RunResult> play(const rerun::Cast& cast, const Perform& perform) {
    RunResult result;
    rerun::ReactionLog log;
    const auto on_step = [&](const engine::Input& input, const engine::Effects& effects) {
      log.step(input, effects);
      for (const engine::Effect& effect : effects) {
        result.summary.observe(effect, monotonic_now());
      }
    };
    Sha256 run = tape_.stretches.front().run;
    for (const rerun::Stretch& stretch : tape_.stretches) {
      const bool is_last = &stretch == &tape_.stretches.back();
      rerun::LockStep play(stretch,
                           is_last ? rerun::LockStep::Then::end : rerun::LockStep::Then::more, cast,
                           run, on_step);
      LC_TRY_STATUS(perform(play, stretch));
      run = play.run();
      result.run_of_tape = play.run_of_tape();
      result.unknown += play.unknown();
      log.end(play.engine().snapshot().context, run);
    }
    result.lines = log.take();
    return result;
  }

  const rerun::Tape& tape_;
  const Rerun& rerun_;
  const Args& args_;
};

Status write_out(const Rerun& rerun, const rerun::RunLines& lines, Io& io) {
  if (rerun.out_file.empty()) {
    return {};
  }
  WholeFile file(rerun.out_file, Existing::replace, io);
  LC_TRY_STATUS(file.open());
  LC_TRY_STATUS(file.write(rerun::write_lines(lines)));
  return file.finish();
}

void tell_run(const rerun::Tape& tape, const RunResult& result, std::FILE* file) {
  const bool is_same = result.run_of_tape == tape.run;
  put(file, "reran {} events, {} reactions; run {}{}\n", tape.events, result.lines.reactions.size(),
      result.lines.run, is_same ? ", as recorded" : "");
  if (tape.refused > 0) {
    put(file,
        "{} events that the recorded clock refused, for they lay too far ahead, are left out\n",
        tape.refused);
  }
  if (result.unknown > 0) {
    put(file,
        "{} reactions of crews that answer from the tape are not on it: they failed, as nobody "
        "knows what they would have done\n",
        result.unknown);
  }
}

// Both sides of what differs, and the verdict in a line.
void tell_differences(const std::vector<rerun::Difference>& differences, std::string_view with,
                      std::FILE* file) {
  put(file, "{}", rerun::differences_text(differences, ""));
  put(file, "{} with {}\n",
      differences.empty()
          ? std::string("no difference")
          : fmt::format("{} difference{}", differences.size(), differences.size() == 1 ? "" : "s"),
      with);
}

int play_and_tell(const rerun::Tape& tape, const LoadedCast& cast, const Rerun& rerun,
                  const Args& args, Io& io) {
  Player player(tape, rerun, args);
  auto result = player.perform(cast);
  if (!result) {
    return fail_journal(kVerb, result.error(), io);
  }
  if (auto written = write_out(rerun, result->lines, io); !written) {
    return fail_journal(kVerb, written.error(), io);
  }
  std::FILE* words = words_file(rerun, io);
  put(io.err, "{}", result->summary.text());
  tell_run(tape, *result, words);
  if (!rerun.swaps.empty()) {
    const RunResult baseline = player.baseline();
    if (baseline.unknown > 0) {
      put(words,
          "{} reactions of the tape's own run in lock-step are not on it either: the recorded "
          "clock "
          "let them run elsewhere\n",
          baseline.unknown);
    }
    tell_differences(rerun::compare(baseline.lines, result->lines), "the tape", words);
  }
  if (!rerun.golden) {
    return kExitOk;
  }
  const auto differences = rerun::compare(*rerun.golden, result->lines);
  tell_differences(differences, rerun.golden_file, words);
  return differences.empty() ? kExitOk : kExitFailed;
}

}  // namespace

std::vector<Option> rerun_options() {
  return {{.name = "rerun", .help = "run the crews again on the recorded events"},
          {.name = "crews",
           .value = "DIR",
           .help = "--rerun: everybody in this folder runs; also from LIVE_CREW_CREWS",
           .value_is = ValueIs::folder},
          {.name = "crew",
           .value = "CREW=DIR",
           .help = "--rerun: only this crew runs, from DIR; the others answer from the tape",
           .repeated = true},
          config_option(),
          {.name = "model",
           .value = "WHO",
           .help = "--rerun: who answers for models",
           .fallback = "tape",
           .choices = {"tape", "live"}},
          {.name = "compare",
           .value = "GOLDEN",
           .help = "--rerun: compare with what an earlier one wrote with -o",
           .value_is = ValueIs::file}};
}

int run_rerun(const Args& args, Io& io) {
  log_errors_only(args);  // failed reactions are in the summary
  auto rerun = read_arguments(args, io);
  if (!rerun) {
    return rerun.error();
  }
  if (const int code = read_golden(*rerun, io); code != kExitOk) {
    return code;
  }
  const auto tape = read_tape(args, io);
  if (!tape) {
    return fail_journal(kVerb, tape.error(), io);
  }
  const LoadedCast cast = load_cast(*rerun, *tape);
  print_diagnostics(io.err, cast.diagnostics, args.environment());
  if (has_errors(cast.diagnostics)) {
    put(io.err, "nothing was run\n");
    return kExitConfig;
  }
  tell_crews(*tape, cast, io);
  return play_and_tell(*tape, cast, *rerun, args, io);
}

}  // namespace lc::cli
