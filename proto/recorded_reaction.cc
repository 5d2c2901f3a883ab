#include "proto/recorded_reaction.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "common/json.h"
#include "proto/parts.h"
#include "proto/reader.h"

namespace lc::proto {
namespace {

// A ready lies one level deeper than where it came from.
constexpr JsonLimits kLimits = {.bytes_max = kRecordedReactionBytesMax, .depth_max = 71};
constexpr std::size_t kFingerprintChars = 16;

std::uint64_t read_fingerprint(ObjectReader& reader, std::string_view name) {
  const std::string text = reader.text(name, {.min = kFingerprintChars, .max = kFingerprintChars});
  const bool is_hex = std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (!text.empty() && (!is_hex || problem != std::errc{})) {
    reader.problem(name,
                   fmt::format("must be {} lower-case hexadecimal digits", kFingerprintChars));
  }
  return number;
}

Outcome read_outcome_word(ObjectReader& reader) {
  if (!reader.has("outcome")) {
    reader.problem("outcome", "is missing");
    return Outcome::error;
  }
  const std::string_view json = reader.any("outcome");
  const auto word = json_string_value(json);
  for (const Outcome outcome : kOutcomes) {
    if (word && *word == to_string(outcome)) {
      return outcome;
    }
  }
  reader.problem("outcome", fmt::format("is {}, which is no outcome", describe(json)));
  return Outcome::error;
}

RecordedOutcome read_outcome(ObjectReader reader) {
  RecordedOutcome outcome;
  outcome.record = reader.integer("record", kCountFromOne);
  outcome.outcome = read_outcome_word(reader);
  if (reader.has("diff")) {
    outcome.diff = read_context_diff(reader.object("diff"));
  }
  if (reader.has("actions")) {
    outcome.actions = read_action_drafts(reader, "actions");
  }
  if (reader.has("detail")) {
    outcome.detail = reader.text("detail");
  }
  if (reader.has("excuse")) {
    outcome.excuse = reader.text("excuse");
  }
  if (reader.has("worker")) {
    outcome.worker = reader.object_text("worker");
  }
  if (reader.has("t_ms")) {
    outcome.t_ms = reader.integer("t_ms", kCount);
  }
  if (reader.has("usage")) {
    outcome.usage = reader.object_text("usage");
  }
  outcome.model_calls = read_model_calls(reader);
  reader.finish();
  return outcome;
}

Ready read_ready(ObjectReader& reader) {
  const std::string_view text = reader.object_text("ready");
  if (text == "null") {
    return {};  // said already
  }
  auto ready = parse_ready(text);
  if (!ready) {
    reader.problem("ready", "is wrong: " + ready.error().message);
    return {};
  }
  return std::move(*ready);
}

void write_outcome(JsonWriter& json, const RecordedOutcome& outcome) {
  json.begin_object().key("record").number(outcome.record);
  json.key("outcome").string(to_string(outcome.outcome)).key("diff");
  write_context_diff(json, outcome.diff);
  json.key("actions");
  write_action_drafts(json, outcome.actions);
  json.key("detail").string(valid_utf8(outcome.detail));
  json.key("excuse").string(valid_utf8(outcome.excuse));
  json.key("worker").raw(outcome.worker);
  if (outcome.t_ms) {
    json.key("t_ms").number(*outcome.t_ms);
  }
  json.key("usage").raw(outcome.usage);
  if (!outcome.model_calls.calls.empty()) {
    json.key("model_calls");
    write_model_calls(json, outcome.model_calls.calls);
  }
  if (outcome.model_calls.dropped > 0) {
    json.key("model_calls_dropped").number(outcome.model_calls.dropped);
  }
  json.end_object();
}

}  // namespace

Result<RecordedReaction> parse_recorded_reaction(std::string_view text) {
  if (text.size() > kRecordedReactionBytesMax) {
    return fail(ErrorCode::overloaded,
                fmt::format("recorded reaction: has {} bytes, at most {} are accepted", text.size(),
                            kRecordedReactionBytesMax));
  }
  auto split = split_json_object(text, kLimits);
  if (!split) {
    return within("recorded reaction", split.error());
  }
  Problems problems;
  ObjectReader reader(std::move(split->fields), {}, problems);
  RecordedReaction reaction;
  reader.version();
  reaction.record = reader.integer("record", kCount);
  reaction.attempts = reader.integer("attempts", kCountFromOne);
  reaction.crew_file = read_fingerprint(reader, "crew_file");
  reaction.ready = read_ready(reader);
  if (!reader.has("outcome")) {
    reader.problem("outcome", "is missing");
  } else if (reader.any("outcome") != "null") {
    reaction.outcome = read_outcome(reader.object("outcome"));
  }
  reader.finish();
  if (!problems.empty()) {
    return problems.error("recorded reaction");
  }
  return reaction;
}

std::string write_recorded_reaction(const RecordedReaction& reaction) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("v").number(kWireVersion).key("record").number(reaction.record);
  json.key("attempts").number(reaction.attempts);
  json.key("crew_file").string(fmt::format("{:016x}", reaction.crew_file));
  json.key("ready").raw(write_ready(reaction.ready)).key("outcome");
  if (reaction.outcome) {
    write_outcome(json, *reaction.outcome);
  } else {
    json.null();
  }
  json.end_object();
  return out;
}

}  // namespace lc::proto
