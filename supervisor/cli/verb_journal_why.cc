// `journal why`: why a crew ran at a beat, or did not.

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "common/json.h"
#include "common/text.h"
#include "supervisor/cli/journal_args.h"
#include "supervisor/cli/journal_verbs.h"
#include "supervisor/cli/put.h"
#include "supervisor/journal/playback.h"
#include "supervisor/journal/why.h"

namespace lc::cli {
namespace {

using namespace journal;

constexpr std::string_view kVerb = "journal why";
constexpr std::size_t kEventsShownMax = 12;

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string batch_words(const Explanation& found) {
  if (!found.trigger) {
    return "none: no event that triggers it since its last reaction";
  }
  std::string seqs;
  for (std::size_t i = 0; i < std::min(found.events.size(), kEventsShownMax); ++i) {
    seqs += fmt::format("{}{}", i == 0 ? "" : ", ", found.events[i].seq.value);
  }
  if (found.events.size() > kEventsShownMax) {
    seqs += fmt::format(" and {} more", found.events.size() - kEventsShownMax);
  }
  return fmt::format("triggered in slice {} by event{} {}{}", found.trigger->value,
                     found.events.size() == 1 ? "" : "s", seqs,
                     found.batches > 1 ? fmt::format(" of {} batches", found.batches) : "");
}

std::string stride_words(const Explanation& found) {
  if (found.stride == 1) {
    return "every slice";
  }
  return fmt::format("every {}th slice: {}", found.stride,
                     found.slice.value % found.stride == 0 ? "this one" : "not this one");
}

std::string need_words(const NeedStanding& need) {
  std::string words = "does not hold";
  if (need.holds) {
    words = need.first == need.last
                ? fmt::format("holds, by slice {}", need.first->value)
                : fmt::format("holds, by slices {} to {}", need.first->value, need.last->value);
  }
  return need.disabled ? fmt::format("{}; disabled: {}", words, *need.disabled) : words;
}

std::string decision_words(const Explanation& found) {
  switch (found.verdict) {
    case Verdict::no_batch:
      return "no batch";
    case Verdict::disabled:
      return "disabled: " + found.disabled_why;
    case Verdict::busy:
      return fmt::format("waits because its reaction of slice {} has not ended",
                         found.busy_slice->value);
    case Verdict::stride:
      return "waits because of its stride";
    case Verdict::waits:
      return "waits because of " + joined(found.missing);
    case Verdict::ready:
      return "ready";
    case Verdict::dropped: {
      std::vector<std::string> crews;
      for (const CrewId& crew : found.hopeless) {
        crews.push_back(crew.value);
      }
      return fmt::format("dropped: it needs {}, but {} is disabled", joined(found.missing),
                         joined(crews));
    }
  }
  return {};
}

std::string dispatched_words(const Why::Dispatched& one) {
  return fmt::format("dispatched as attempt {} (record {}){}", one.attempt.value, one.record,
                     one.missing.empty() ? "" : " without " + joined(one.missing));
}

void print(const Why& why, Io& io) {
  const Explanation& found = *why.explanation();
  put(io.out, "{} at slice {} ({} record {})\n", found.crew.value, found.slice.value,
      why.had_beat() ? "closed by" : "stepped over, with nothing to do, by", why.record());
  put(io.out, "batch     {}\n", batch_words(found));
  put(io.out, "busy      {}\n",
      found.busy_slice ? fmt::format("with slice {}", found.busy_slice->value) : "no");
  put(io.out, "stride    {}\n", stride_words(found));
  put(io.out, "policy    {}{}\n", proto::to_string(found.wait_policy),
      found.timeout_at ? fmt::format(", until slice {}", found.timeout_at->value) : "");
  std::size_t width = 0;
  for (const NeedStanding& need : found.needs) {
    width = std::max(width, need.label.size());
  }
  for (const NeedStanding& need : found.needs) {
    put(io.out, "need      {:<{}}  [{}, {}]  {}\n", need.label, width, need.from.value,
        need.to.value, need_words(need));
  }
  if (found.verdict != Verdict::ready || why.dispatched().empty()) {
    put(io.out, "decision  {}\n", decision_words(found));
  }
  for (const Why::Dispatched& one : why.dispatched()) {
    put(io.out, "decision  {}\n", dispatched_words(one));
  }
  for (const Why::Reported& one : why.reported()) {
    put(io.out, "reported  {} {} (record {})\n", one.reason, one.detail, one.record);
  }
}

void write_need(JsonWriter& json, const NeedStanding& need) {
  json.begin_object().key("need").string(need.label).key("from").number(need.from.value);
  json.key("to").number(need.to.value).key("holds").boolean(need.holds);
  if (need.first) {
    json.key("first").number(need.first->value).key("last").number(need.last->value);
  }
  if (need.disabled) {
    json.key("disabled").string(*need.disabled);
  }
  json.end_object();
}

std::string json_of(const Why& why) {
  const Explanation& found = *why.explanation();
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("schema").string("live-crew/v1").key("crew").string(found.crew.value);
  json.key("slice").number(found.slice.value).key("record").number(why.record());
  json.key("beat").boolean(why.had_beat()).key("verdict").string(to_string(found.verdict));
  if (found.trigger) {
    json.key("trigger").number(found.trigger->value);
  }
  json.key("events").begin_array();
  for (const proto::BatchEvent& event : found.events) {
    json.number(event.seq.value);
  }
  json.end_array();
  if (found.busy_slice) {
    json.key("busy").number(found.busy_slice->value);
  }
  json.key("stride").number(found.stride);
  json.key("wait_policy").string(proto::to_string(found.wait_policy)).key("needs").begin_array();
  for (const NeedStanding& need : found.needs) {
    write_need(json, need);
  }
  json.end_array().key("missing").begin_array();
  for (const std::string& label : found.missing) {
    json.string(label);
  }
  json.end_array().key("dispatched").begin_array();
  for (const Why::Dispatched& one : why.dispatched()) {
    json.begin_object().key("attempt").number(one.attempt.value);
    json.key("record").number(one.record).end_object();
  }
  json.end_array().key("reported").begin_array();
  for (const Why::Reported& one : why.reported()) {
    json.begin_object().key("reason").string(one.reason).key("detail").raw(one.detail);
    json.end_object();
  }
  json.end_array().end_object();
  return out;
}

Status watch(JournalSource& source, Playback& playback, Why& why) {
  playback.observe_before([&](const engine::Input& input, const engine::Engine& engine) {
    why.before(playback.replay()->options(), engine, input);
  });
  playback.observe([&](const engine::Input&, const engine::Effects& effects) {
    why.after(effects, playback.record(), playback.replay()->engine().open_slice());
  });
  return play_until(source, playback, [&why] { return why.is_done(); });
}

int run_why(const Args& args, Io& io) {
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
  Why why(*crew, slice);
  if (auto watched = watch(journal, playback, why); !watched) {
    return fail_journal(kVerb, watched.error(), io);
  }
  if (!why.explanation()) {
    put(io.err, "live-crew {}: {}\n", kVerb,
        why.was_too_early()    ? fmt::format("slice {} was closed before record {}, with which "
                                                "the replay begins",
                                             slice.value, playback.first())
        : !why.is_crew_known() ? fmt::format("no crew '{}'", crew->value)
                               : fmt::format("slice {} is not closed by record {}, the last one",
                                             slice.value, playback.record()));
    return kExitFailed;
  }
  if (args.text("output") == "json") {
    put(io.out, "{}\n", json_of(why));
  } else {
    print(why, io);
  }
  return kExitOk;
}

}  // namespace

Verb journal_why_verb() {
  std::vector<Option> options = {{.name = "CREW", .help = "the crew's name", .required = true},
                                 {.name = "SLICE",
                                  .help = "the slice that was closed",
                                  .number = kSliceNumbers,
                                  .required = true}};
  for (Option& option : journal_options()) {
    options.push_back(std::move(option));
  }
  options.push_back(output_option({"text", "json"}));
  return {.name = "journal why",
          .summary = "Say why a crew ran at a beat, or did not",
          .details =
              "Replays the journal up to the beat that closed the slice and prints what the engine "
              "knew there: the crew's batch and what triggered it, whether it was busy, and for "
              "each need the slices in which it must have happened, whether it had, and whether "
              "the awaited crew is disabled; then the decision. A reaction belongs to the slice at "
              "which it was decided.",
          .examples = {{"journal why commentator 83 match42.rec", "explains one decision"},
                       {"journal why commentator 83 -s match42 -o json", "from a live stream"}},
          .options = std::move(options),
          .run = run_why};
}

}  // namespace lc::cli
