#include "worker/debug/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "common/json.h"
#include "common/text.h"
#include "worker/crew/prompt.h"

namespace lc::worker {
namespace {

constexpr std::size_t kEventsShownMax = 12;
constexpr std::size_t kValueShownMax = 4'096;     // bytes of one value
constexpr std::size_t kDifferencesShownMax = 50;  // all of them are in the JSON

// `271 goal_scored`
std::string event_words(const proto::BatchEvent& event) {
  std::string kind = "?";
  if (const auto json = parse_json(event.text); json && as_object(*json) != nullptr) {
    const Json* found = find(*as_object(*json), "kind");
    if (found != nullptr && as_string(*found) != nullptr) {
      kind = *as_string(*found);
    }
  }
  return fmt::format("{} {}{}", event.seq.value, kind, event.orig_slice ? " (late)" : "");
}

std::string events_words(const std::vector<proto::BatchEvent>& events) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < std::min(events.size(), kEventsShownMax); ++i) {
    words.push_back(event_words(events[i]));
  }
  std::string text = fmt::format("{}", fmt::join(words, ", "));
  return events.size() > kEventsShownMax
             ? fmt::format("{} and {} more", text, events.size() - kEventsShownMax)
             : text;
}

std::string needs_words(const proto::Ready& ready) {
  std::vector<std::string> words;
  words.reserve(ready.needs.size());
  for (const auto& [crew, result] : ready.needs) {
    words.push_back(fmt::format("{} of slice {}", crew, result.slice.value));
  }
  return words.empty() ? "none" : fmt::format("{}", fmt::join(words, ", "));
}

std::string keys_words(const proto::Context& ctx) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : ctx) {
    keys.push_back(key);
  }
  return keys.empty() ? "empty" : fmt::format("{}", fmt::join(keys, ", "));
}

std::string model_words(const DebugFacts& facts) {
  if (!facts.manifest.prompt) {
    return "a program asks whom it likes";
  }
  if (!needs_model(*facts.manifest.prompt)) {
    return "the crew asks none";
  }
  if (facts.model == DebugOptions::Model::live) {
    return "is asked";
  }
  const auto& outcome = facts.recorded.outcome;
  const std::size_t calls = outcome ? outcome->model_calls.calls.size() : 0;
  return calls == 0 ? "nothing was recorded: a question fails (--live-model asks the model)"
                    : fmt::format("{} recorded answer{}", calls, calls == 1 ? "" : "s");
}

std::string took_words(std::optional<std::int64_t> t_ms) {
  return t_ms ? fmt::format(" in {} ms", *t_ms) : "";
}

std::string shown(const std::optional<std::string>& side) {
  return side ? shorten_middle(*side, kValueShownMax) : "nothing";
}

std::string action_words(const proto::ActionDraft& action) {
  return fmt::format("{} {} (ttl {} ms)", action.kind.value,
                     shorten_middle(action.payload, kValueShownMax), action.ttl_ms);
}

void write_now(JsonWriter& json, const proto::Done& now) {
  json.begin_object().key("outcome").string(to_string(outcome_of(now))).key("diff");
  json.raw(proto::write_context_diff(now.diff)).key("actions").begin_array();
  for (const proto::ActionDraft& action : now.actions) {
    json.begin_object().key("kind").string(action.kind.value).key("payload").raw(action.payload);
    json.key("ttl_ms").number(action.ttl_ms).end_object();
  }
  json.end_array().key("error").string(valid_utf8(now.error)).key("t_ms").number(now.t_ms);
  json.key("usage").raw(now.usage).end_object();
}

}  // namespace

bool is_same(const DebugFacts& facts, const DebugResult& result) {
  return facts.recorded.outcome && result.differences.empty();
}

std::vector<std::string> warnings(const DebugFacts& facts) {
  std::vector<std::string> words;
  if (facts.recorded.crew_file != facts.manifest.fingerprint) {
    words.push_back(fmt::format(
        "{}: the crew's file is not the one of the recording; what differs may come from that",
        facts.crew_file));
  }
  if (facts.recorded.attempts > facts.recorded.ready.attempt.value) {
    words.push_back(fmt::format("the crew had {} attempts in this slice; this is attempt {}",
                                facts.recorded.attempts, facts.recorded.ready.attempt.value));
  }
  return words;
}

std::string given_text(const DebugFacts& facts) {
  const proto::Ready& ready = facts.recorded.ready;
  std::string text = fmt::format("{} at slice {}, attempt {} (", ready.crew.value,
                                 ready.slice.value, ready.attempt.value);
  text += facts.recorded.record > 0 ? fmt::format("record {} of", facts.recorded.record)
                                    : std::string("before the first record of");
  text += fmt::format(" stream '{}')\n", ready.stream.value);
  text += fmt::format("crew      {}\n", facts.crew_file);
  text += fmt::format("events    {}\n", events_words(ready.events));
  text += fmt::format("needs     {}\n", needs_words(ready));
  if (!ready.missing.empty()) {
    text += fmt::format("missing   {}\n", fmt::join(ready.missing, ", "));
  }
  text += fmt::format("ctx       revision {}: {}\n", ready.ctx_rev.value, keys_words(ready.ctx));
  text += fmt::format("time      no limit here{}\n",
                      ready.deadline_ms ? fmt::format("; it had {} ms", *ready.deadline_ms) : "");
  text += fmt::format("sandbox   none here; the supervisor's workers have '{}'\n",
                      to_string(facts.manifest.sandbox.level));
  text += fmt::format("model     {}\n", model_words(facts));
  return text + "publishes nothing\n";
}

std::string result_text(const DebugFacts& facts, const DebugResult& result) {
  const proto::Done& now = result.now;
  std::string text =
      fmt::format("now       {}{}\n", to_string(outcome_of(now)), took_words(now.t_ms));
  if (!now.error.empty()) {
    text += fmt::format("error     {}\n", now.error);
  }
  for (const auto& [key, value] : now.diff.set) {
    text += fmt::format("set       {} = {}\n", key, shorten_middle(value, kValueShownMax));
  }
  for (const std::string& key : now.diff.remove) {
    text += fmt::format("delete    {}\n", key);
  }
  for (const proto::ActionDraft& action : now.actions) {
    text += fmt::format("action    {}\n", action_words(action));
  }
  const auto& recorded = facts.recorded.outcome;
  if (!recorded) {
    return text + "recorded  the journal does not know how it ended\nresult    not compared\n";
  }
  text += fmt::format("recorded  {}{} (record {})\n", to_string(recorded->outcome),
                      took_words(recorded->t_ms), recorded->record);
  const std::size_t count = result.differences.size();
  if (count == 0) {
    return text + "result    same\n";
  }
  text += fmt::format("result    different in {} place{}\n", count, count == 1 ? "" : "s");
  for (std::size_t i = 0; i < std::min(count, kDifferencesShownMax); ++i) {
    const Difference& one = result.differences[i];
    text += fmt::format("{}\n  recorded  {}\n  now       {}\n", one.at, shown(one.recorded),
                        shown(one.now));
  }
  if (count > kDifferencesShownMax) {
    text += fmt::format("and {} more places (--json has all)\n", count - kDifferencesShownMax);
  }
  return text;
}

std::string result_json(const DebugFacts& facts, const DebugResult& result) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("schema").string("live-crew/v1").key("result");
  json.string(is_same(facts, result)   ? "same"
              : facts.recorded.outcome ? "different"
                                       : "not_compared");
  json.key("crew_file").string(valid_utf8(facts.crew_file)).key("warnings").begin_array();
  for (const std::string& words : warnings(facts)) {
    json.string(valid_utf8(words));
  }
  json.end_array().key("recorded").raw(proto::write_recorded_reaction(facts.recorded));
  json.key("now");
  write_now(json, result.now);
  json.key("differences").begin_array();
  for (const Difference& one : result.differences) {
    json.begin_object().key("at").string(one.at);
    if (one.recorded) {
      json.key("recorded").raw(*one.recorded);
    }
    if (one.now) {
      json.key("now").raw(*one.now);
    }
    json.end_object();
  }
  json.end_array().end_object();
  return out;
}

}  // namespace lc::worker
