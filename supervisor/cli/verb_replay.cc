// `replay --verify`: a journal decided once more, and compared record by record. (`--rerun`:
// rerun.cc)

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "common/clock.h"
#include "common/json.h"
#include "supervisor/cli/journal_args.h"
#include "supervisor/cli/online.h"
#include "supervisor/cli/put.h"
#include "supervisor/cli/rerun.h"
#include "supervisor/journal/playback.h"

namespace lc::cli {
namespace {

using namespace journal;

constexpr std::string_view kVerb = "replay";

/// What was replayed, counted step by step.
struct Counts {
  std::optional<SliceIndex> first;  // slices closed
  SliceIndex last;
  std::int64_t events = 0;
  std::int64_t reactions = 0;

  void add(const engine::Input& input, const engine::Effects& effects) {
    events += std::holds_alternative<engine::EventArrived>(input) ? 1 : 0;
    for (const engine::Effect& effect : effects) {
      if (const auto* closed = std::get_if<engine::SliceClosed>(&effect)) {
        first = first.value_or(closed->slice);
        last = closed->slice;
      } else if (std::holds_alternative<engine::ReactionEnded>(effect)) {
        ++reactions;
      }
    }
  }
};

struct Outcome {
  Counts counts;
  Micros took;
  std::string failed_at;        // where the failure is: FILE:LINE
  std::optional<Error> damage;  // the source could not be read to its end
};

std::int64_t per_second(std::int64_t count, Micros took) {
  return took.us == 0 ? count : count * 1'000'000 / took.us;
}

Outcome verify(JournalSource& source, Playback& playback) {
  Outcome outcome;
  playback.observe([&outcome](const engine::Input& input, const engine::Effects& effects) {
    outcome.counts.add(input, effects);
  });
  const MonoTime began = monotonic_now();
  for (;;) {
    auto found = source.next();
    if (!found || !*found) {
      if (!found) {
        outcome.damage = found.error();
      }
      break;
    }
    const bool had_failed = playback.failure().has_value();
    playback.take((*found)->text, (*found)->seq);
    if (playback.failure() && !had_failed) {
      outcome.failed_at = source.where();
      if (playback.failure()->error.code == ErrorCode::unavailable) {
        outcome.damage = playback.failure()->error;
        break;
      }
    }
  }
  if (!outcome.damage && !playback.failure()) {
    if (auto whole = source.check(playback.end()); !whole) {
      outcome.damage = whole.error();
    }
  }
  outcome.took = monotonic_now() - began;
  return outcome;
}

std::string loss_words(const Loss& loss) {
  const std::string why =
      loss.failure ? fmt::format("records {} to {} were given up: {}", loss.failure->record,
                                 loss.checkpoint - 1, loss.failure->error.message)
                   : std::string("nothing that is here");
  return fmt::format("accepted loss at checkpoint {}: {}: {}", loss.checkpoint, loss.what, why);
}

std::string json_of(const JournalSource& source, const Playback& playback, const Outcome& outcome) {
  const Counts& counts = outcome.counts;
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("schema").string("live-crew/v1");
  json.key("stream").string(source.stream().value).key("records").number(playback.replayed());
  json.key("first").number(playback.first()).key("last").number(playback.record());
  json.key("slices").begin_array();
  if (counts.first) {
    json.number(counts.first->value).number(counts.last.value);
  }
  json.end_array().key("events").number(counts.events);
  json.key("reactions").number(counts.reactions);
  json.key("t_ms").number(outcome.took.us / 1'000);
  json.key("records_per_second").number(per_second(playback.replayed(), outcome.took));
  json.key("run").string(to_hex(playback.end().run)).key("passed").number(playback.passed());
  json.key("losses").begin_array();
  for (const Loss& loss : playback.losses()) {
    json.begin_object().key("checkpoint").number(loss.checkpoint).key("loss").raw(loss.what);
    if (loss.failure) {
      json.key("from").number(loss.failure->record);
      json.key("why").string(valid_utf8(loss.failure->error.message));
    }
    json.end_object();
  }
  json.end_array().end_object();
  return out;
}

void print_summary(const Playback& playback, const Outcome& outcome, Io& io) {
  const Counts& counts = outcome.counts;
  const std::string slices =
      counts.first ? fmt::format("slices {}..{}", counts.first->value, counts.last.value)
                   : "no slice";
  put(io.out,
      "verified {} records ({}, {} events, {} reactions) in {:.3f} s, {} records/s; run {}\n",
      playback.replayed(), slices, counts.events, counts.reactions,
      static_cast<double>(outcome.took.us) / 1e6, per_second(playback.replayed(), outcome.took),
      to_hex(playback.end().run));
}

// Errors from most to least telling; the exit code of the first.
int tell_failure(const Playback& playback, const Outcome& outcome, Io& io) {
  int code = kExitOk;
  if (const auto& failure = playback.failure(); failure && !outcome.failed_at.empty()) {
    put(io.err, "{}: {}\n", outcome.failed_at, failure->error.message);
    code = failure->divergence ? kExitFailed : kExitBadData;
  }
  if (outcome.damage) {
    const int damaged = fail_journal(kVerb, *outcome.damage, io);
    return outcome.damage->code == ErrorCode::unavailable || code == kExitOk ? damaged : code;
  }
  if (code == kExitOk && playback.replayed() == 0) {
    put(io.err, "live-crew {}: there is no whole checkpoint to begin with\n", kVerb);
    return kExitBadData;
  }
  return code;
}

int run_verify(const Args& args, Io& io) {
  const std::string format = args.has("output") ? args.text("output") : "text";
  if (format != "text" && format != "json") {
    put(io.err, "live-crew {}: --output: '{}' is not text | json\n", kVerb, format);
    return kExitUsage;
  }
  auto source = open_journal(args, io);
  if (!source) {
    return fail_journal(kVerb, source.error(), io);
  }
  JournalSource& journal = **source;
  Playback playback(journal.stream(), [&journal](StreamSeq seq) { return journal.event(seq); });
  const Outcome outcome = verify(journal, playback);
  for (const Loss& loss : playback.losses()) {
    put(io.err, "{}\n", loss_words(loss));
  }
  if (playback.passed() > 0) {
    put(io.err, "{} records before the first whole checkpoint were not replayed\n",
        playback.passed());
  }
  if (const int code = tell_failure(playback, outcome, io); code != kExitOk) {
    return code;
  }
  if (format == "json") {
    put(io.out, "{}\n", json_of(journal, playback, outcome));
  } else {
    print_summary(playback, outcome, io);
  }
  return kExitOk;
}

int run_replay(const Args& args, Io& io) {
  if (args.has("verify") == args.has("rerun")) {
    put(io.err,
        "live-crew {}: say what to do: --verify decides once more and compares, --rerun runs "
        "the crews again\n",
        kVerb);
    return kExitUsage;
  }
  return args.has("verify") ? run_verify(args, io) : run_rerun(args, io);
}

}  // namespace

void register_replay(Verbs& verbs) {
  std::vector<Option> options = journal_options();
  options.push_back({.name = "verify", .help = "decide again and compare every record"});
  for (Option& option : rerun_options()) {
    options.push_back(std::move(option));
  }
  options.push_back({.name = "output",
                     .letter = 'o',
                     .value = "OUT",
                     .help = "--verify: text or json; --rerun: the file to write, - for stdout",
                     .value_is = ValueIs::file});
  verbs.push_back(
      {.name = "replay",
       .summary = "Verify a recorded run, or run its crews again",
       .details =
           "Reads a journal and the events that it names, from a stream (which is only read) or "
           "from a recording. --verify gives them to a fresh engine and makes every record again. "
           "Exit code 1 "
           "when the engine decides something else: the first such record is printed, both sides "
           "around the first difference. 65 when something is damaged, missing, moved, cut, of "
           "another stream or of a newer format: what and where. What an operator gave up with an "
           "accepted loss is told, and the rest is verified.\n\n"
           "--rerun runs the crews of --crews again, on a private server, in lock-step with the "
           "events and with the recorded settings; models answer as they did. OUT gets a line for "
           "each reaction that ended and a last one with the context and the run's digest: equal "
           "crews, equal bytes. With --compare, exit code 1 says that they differ, and both sides "
           "are printed. With --crew only the named crews run, the others answer as recorded, and "
           "what became different is printed, slice by slice.",
       .examples = {{"replay --verify match42.rec", "verifies a recording"},
                    {"replay --verify -s match42", "verifies what a live stream has so far"},
                    {"replay match42.rec --rerun --crews crews -o golden.jsonl",
                     "runs the crews again and keeps what they did"},
                    {"replay match42.rec --rerun --crews crews --compare golden.jsonl",
                     "whether they still do the same"},
                    {"replay match42.rec --rerun --crew vision=next/vision",
                     "what another vision would have changed"}},
       .options = std::move(options),
       .run = run_replay});
}

}  // namespace lc::cli
