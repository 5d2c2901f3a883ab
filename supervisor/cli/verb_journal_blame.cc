// `journal blame`: who wrote a key of the context, and what woke them.

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "common/json.h"
#include "common/text.h"
#include "supervisor/cli/journal_args.h"
#include "supervisor/cli/journal_verbs.h"
#include "supervisor/cli/put.h"
#include "supervisor/journal/blame.h"
#include "supervisor/journal/playback.h"

namespace lc::cli {
namespace {

using namespace journal;

constexpr std::string_view kVerb = "journal blame";
constexpr std::size_t kValueBytesShown = 60;

std::string reaction_words(const Woken& reaction) {
  return fmt::format("{} {}/{}", reaction.crew.value, reaction.slice.value, reaction.attempt.value);
}

std::string fate_words(const KeyWrite& write) {
  switch (write.fate) {
    case Fate::pending:
      return "not merged yet";
    case Fate::stands:
      return fmt::format("rev {}, beat {}", write.revision.value, write.beat->value);
    case Fate::lost:
      return fmt::format("rev {}, beat {}: lost to {}", write.revision.value, write.beat->value,
                         write.because);
    case Fate::refused:
      return fmt::format("rev {}, beat {}: refused: {}", write.revision.value, write.beat->value,
                         write.because);
    case Fate::truncated:
      return fmt::format("rev {}, beat {}: truncated, the context was too large",
                         write.revision.value, write.beat ? write.beat->value : 0);
  }
  return {};
}

std::string write_words(const KeyWrite& write) {
  if (write.crew.empty()) {
    return fate_words(write);
  }
  const std::string who =
      write.attempt.value > 0
          ? fmt::format("{} {}/{}", write.crew.value, write.slice.value, write.attempt.value)
          : fmt::format("{} {}", write.crew.value, write.slice.value);
  const std::string what = write.value.empty() ? std::string("deletes it")
                                               : "sets " + shorten(write.value, kValueBytesShown);
  const std::string record =
      write.record > 0 ? fmt::format("record {}", write.record) : "before the first record";
  return fmt::format("{} {} ({}); {}", who, what, record, fate_words(write));
}

void print_cause(const Cause& cause, Io& io) {
  const Woken& reaction = cause.reaction;
  const std::string indent(static_cast<std::size_t>(cause.depth) * 2, ' ');
  const char* word = cause.depth == 0 ? "" : "needed ";
  if (cause.known != Cause::Known::yes) {
    put(io.out, "{}{}{} {} ({})\n", indent, word, reaction.crew.value, reaction.slice.value,
        cause.known == Cause::Known::above ? "see above" : "before the journal's first record");
    return;
  }
  put(io.out, "{}{}{} ({})\n", indent, word, reaction_words(reaction),
      reaction.record > 0 ? fmt::format("dispatched in record {}", reaction.record)
                          : "dispatched before the first record");
  for (const EventBrief& event : reaction.events) {
    put(io.out, "{}  event {} {} {}\n", indent, event.seq.value, event.kind, event.ts);
  }
  if (reaction.events_more > 0) {
    put(io.out, "{}  and {} more\n", indent, reaction.events_more);
  }
}

void print(const std::string& key, const Blame& blame, Io& io) {
  if (blame.left_out() > 0) {
    put(io.out, "{} older writes are left out\n", blame.left_out());
  }
  for (const KeyWrite& write : blame.writes()) {
    put(io.out, "{}\n", write_words(write));
  }
  if (const KeyWrite* last = blame.last(); last != nullptr) {
    put(io.out, "\n{} is as it is because of\n", key);
    for (const Cause& cause : last->causes) {
      print_cause(cause, io);
    }
  }
}

void write_one(JsonWriter& json, const KeyWrite& write) {
  json.begin_object().key("crew").string(write.crew.value).key("slice").number(write.slice.value);
  json.key("attempt").number(write.attempt.value).key("record").number(write.record);
  json.key("value").raw(write.value.empty() ? "null" : write.value);
  json.key("deleted").boolean(write.value.empty()).key("fate").string(to_string(write.fate));
  if (!write.because.empty()) {
    json.key("because").string(write.because);
  }
  if (write.beat) {
    json.key("beat").number(write.beat->value).key("rev").number(write.revision.value);
  }
  json.end_object();
}

void write_cause(JsonWriter& json, const Cause& cause) {
  const Woken& reaction = cause.reaction;
  json.begin_object().key("depth").number(cause.depth).key("crew").string(reaction.crew.value);
  json.key("slice").number(reaction.slice.value).key("known");
  json.boolean(cause.known != Cause::Known::no);
  if (cause.known == Cause::Known::yes) {
    json.key("attempt").number(reaction.attempt.value).key("record").number(reaction.record);
    json.key("events").begin_array();
    for (const EventBrief& event : reaction.events) {
      json.begin_object().key("seq").number(event.seq.value).key("kind").string(event.kind);
      json.key("ts").string(event.ts).end_object();
    }
    json.end_array().key("events_more").number(reaction.events_more);
  }
  json.end_object();
}

std::string json_of(const std::string& key, const Blame& blame) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("schema").string("live-crew/v1").key("key").string(key);
  json.key("left_out").number(blame.left_out()).key("writes").begin_array();
  for (const KeyWrite& write : blame.writes()) {
    write_one(json, write);
  }
  json.end_array().key("causes").begin_array();
  if (const KeyWrite* last = blame.last(); last != nullptr) {
    for (const Cause& cause : last->causes) {
      write_cause(json, cause);
    }
  }
  json.end_array().end_object();
  return out;
}

Status watch(JournalSource& source, Playback& playback, Blame& blame) {
  playback.observe_before(
      [&blame](const engine::Input&, const engine::Engine& engine) { blame.before(engine); });
  playback.observe([&](const engine::Input& input, const engine::Effects& effects) {
    blame.after(input, effects, playback.record());
  });
  return play_until(source, playback, [&blame] { return blame.is_done(); });
}

int run_blame(const Args& args, Io& io) {
  auto source = open_journal(args, io);
  if (!source) {
    return fail_journal(kVerb, source.error(), io);
  }
  JournalSource& journal = **source;
  Playback playback(journal.stream(), [&journal](StreamSeq seq) { return journal.event(seq); });
  const std::string key = args.text("KEY");
  Blame blame(key, args.has("at") ? std::optional(SliceIndex{args.number("at")}) : std::nullopt);
  if (auto watched = watch(journal, playback, blame); !watched) {
    return fail_journal(kVerb, watched.error(), io);
  }
  if (args.text("output") == "json") {
    put(io.out, "{}\n", json_of(key, blame));
    return kExitOk;
  }
  if (blame.writes().empty()) {
    put(io.err, "live-crew {}: nobody wrote '{}' in records {} to {}\n", kVerb, key,
        playback.first(), playback.record());
    return kExitFailed;
  }
  print(key, blame, io);
  return kExitOk;
}

}  // namespace

Verb journal_blame_verb() {
  std::vector<Option> options = {{.name = "KEY", .help = "the context's key", .required = true}};
  for (Option& option : journal_options()) {
    options.push_back(std::move(option));
  }
  options.push_back({.name = "at",
                     .value = "SLICE",
                     .help = "as of the beat that closed SLICE",
                     .number = kSliceNumbers});
  options.push_back(output_option({"text", "json"}));
  return {.name = "journal blame",
          .summary = "Say who wrote a key of the context, and what made them",
          .details =
              "Replays the journal and prints each write of the key in the order merged: reaction "
              "as CREW SLICE/ATTEMPT, value, the revision of the context and the beat at which it "
              "was merged, and whether it lost to another crew, was refused by the key's policy "
              "or truncated. Then, for the last write that stands, the events that woke its "
              "reaction, and the reactions whose completion that one needed, five deep, each back "
              "to its events.",
          .examples = {{"journal blame score match42.rec", "all writes of `score`"},
                       {"journal blame score -s match42 --at 83", "as slice 84 reads it"}},
          .options = std::move(options),
          .run = run_blame};
}

}  // namespace lc::cli
