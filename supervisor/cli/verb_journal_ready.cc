// `journal ready`: what a crew was given in a slice, and what came of it.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <utility>

#include "supervisor/cli/journal_args.h"
#include "supervisor/cli/journal_verbs.h"
#include "supervisor/cli/put.h"
#include "supervisor/journal/playback.h"
#include "supervisor/journal/readied.h"

namespace lc::cli {
namespace {

using namespace journal;

constexpr std::string_view kVerb = "journal ready";

// A journal that keeps the text of the record at hand: an answer has more than an engine is told.
class KeptText final : public JournalSource {
 public:
  explicit KeptText(JournalSource& source) : source_(source) {}

  const StreamId& stream() const override { return source_.stream(); }
  Result<std::optional<FoundRecord>> next() override {
    auto found = source_.next();
    text_ = found && *found ? (*found)->text : std::string_view();
    return found;
  }
  Result<std::string> event(StreamSeq seq) override { return source_.event(seq); }
  Status check(const ChainEnd& end) const override { return source_.check(end); }
  std::string where() const override { return source_.where(); }

  std::string_view text() const { return text_; }

 private:
  JournalSource& source_;
  std::string_view text_;
};

Status watch(JournalSource& source, Playback& playback, Readied& readied) {
  KeptText kept(source);
  playback.observe_before([&](const engine::Input& input, const engine::Engine& engine) {
    readied.before(playback.replay()->options(), engine, input);
  });
  playback.observe([&](const engine::Input& input, const engine::Effects& effects) {
    readied.after(playback.replay()->options(), playback.replay()->engine(), input, effects,
                  playback.record());
  });
  Status noted;
  std::int64_t noted_of = 0;
  auto played = play_until(kept, playback, [&] {
    const bool is_new = std::exchange(noted_of, playback.record()) != playback.record();
    if (is_new && !playback.failure() && readied.wants_notes(playback.record())) {
      auto record = parse_record(kept.text(), source.stream());
      noted = record ? readied.add_notes(*record) : std::unexpected(record.error());
    }
    return !noted || readied.is_done();
  });
  if (!noted) {
    return within(source.where(), noted.error());
  }
  return played;
}

std::string nearby_words(const Readied& readied, const CrewId& crew) {
  if (readied.nearby().empty()) {
    return fmt::format("; crew '{}' was dispatched in no slice that is replayed", crew.value);
  }
  std::vector<std::int64_t> slices;
  for (const SliceIndex slice : readied.nearby()) {
    slices.push_back(slice.value);
  }
  slices.erase(std::unique(slices.begin(), slices.end()), slices.end());
  return fmt::format("; it was in slice{} {}", slices.size() == 1 ? "" : "s",
                     fmt::join(slices, ", "));
}

// Why there is no such reaction, and what to do next.
std::string missing_words(const Readied& readied, const Playback& playback, const CrewId& crew,
                          SliceIndex slice) {
  if (readied.was_too_early()) {
    return fmt::format("slice {} was closed before record {}, with which the replay begins",
                       slice.value, playback.first());
  }
  if (!readied.is_crew_known()) {
    return fmt::format("no crew '{}'", crew.value);
  }
  if (readied.open_slice() <= slice) {
    return fmt::format("slice {} is not closed by record {}, the last one{}", slice.value,
                       playback.record(), nearby_words(readied, crew));
  }
  return fmt::format(
      "crew '{}' was not dispatched in slice {}{}; 'live-crew journal why {} {}' says why not",
      crew.value, slice.value, nearby_words(readied, crew), crew.value, slice.value);
}

const proto::RecordedReaction* find_attempt(const Readied& readied, const Args& args, Io& io) {
  const auto& attempts = readied.attempts();
  if (!args.has("attempt")) {
    return &attempts.back();
  }
  const Attempt wanted{args.number("attempt")};
  const auto found = std::ranges::find(
      attempts, wanted, [](const proto::RecordedReaction& each) { return each.ready.attempt; });
  if (found != attempts.end()) {
    return &*found;
  }
  const proto::Ready& ready = attempts.back().ready;
  put(io.err, "live-crew {}: there is no attempt {} of crew '{}' in slice {}: it had {} to {}\n",
      kVerb, wanted.value, ready.crew.value, ready.slice.value,
      attempts.front().ready.attempt.value, ready.attempt.value);
  return nullptr;
}

int run_ready(const Args& args, Io& io) {
  const auto crew = parse_crew_id(args.text("CREW"));
  if (!crew) {
    put(io.err, "live-crew {}: CREW: {}\n", kVerb, crew.error().message);
    return kExitUsage;
  }
  auto source = open_journal(args, io);
  if (!source) {
    return fail_journal(kVerb, source.error(), io);
  }
  JournalSource& journal = **source;
  Playback playback(journal.stream(), [&journal](StreamSeq seq) { return journal.event(seq); });
  const SliceIndex slice{args.number("SLICE")};
  Readied readied(*crew, slice);
  if (auto watched = watch(journal, playback, readied); !watched) {
    return fail_journal(kVerb, watched.error(), io);
  }
  if (readied.attempts().empty()) {
    put(io.err, "live-crew {}: {}\n", kVerb, missing_words(readied, playback, *crew, slice));
    return kExitNoInput;
  }
  const proto::RecordedReaction* reaction = find_attempt(readied, args, io);
  if (reaction == nullptr) {
    return kExitNoInput;
  }
  put(io.out, "{}\n", proto::write_recorded_reaction(*reaction));
  return kExitOk;
}

}  // namespace

Verb journal_ready_verb() {
  std::vector<Option> options = {{.name = "CREW", .help = "the crew's name", .required = true},
                                 {.name = "SLICE",
                                  .help = "the slice of the reaction",
                                  .number = kSliceNumbers,
                                  .required = true}};
  for (Option& option : journal_options()) {
    options.push_back(std::move(option));
  }
  options.push_back({.name = "attempt",
                     .value = "K",
                     .help = "which of several reactions in the slice, instead of the last",
                     .number = kRecordNumbers});
  return {.name = "journal ready",
          .summary = "Print what a crew was given in a slice, and what came of it",
          .details =
              "Replays the journal up to the reaction and prints one JSON object "
              "(proto/schemas/recorded_reaction.json): the `ready` that woke the crew, as it was "
              "sent but for the nonce, which no journal holds; and the outcome with its diff, "
              "actions and model calls, or null when the journal does not know it. A reaction "
              "belongs to the slice at which it was decided. `lcworker debug` runs it once more. "
              "Exit code 66 when there was no such reaction.",
          .examples = {{"journal ready commentator 84 match42.rec", "of a recording"},
                       {"journal ready vision 84 -s match42 --attempt 1",
                        "the first of several, from a live stream"}},
          .options = std::move(options),
          .run = run_ready};
}

}  // namespace lc::cli
