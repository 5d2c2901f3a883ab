#include "supervisor/cli/script.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "common/diagnostic.h"
#include "common/json.h"
#include "proto/event.h"

namespace lc::cli {
namespace {

using Errors = std::vector<std::string>;

// The members of one JSON object: those asked for are known, the others are refused at the end.
class Members {
 public:
  Members(Errors& errors, const JsonObject& object, std::string path)
      : errors_(errors), object_(object), path_(std::move(path)) {}

  const Json* take(std::string_view key) {
    known_.push_back(key);
    return find(object_, key);
  }

  std::string path_of(std::string_view key) const {
    return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
  }

  void wrong(std::string_view key, std::string_view what) {
    errors_.push_back(fmt::format("{}: {}", path_of(key), what));
  }

  std::int64_t number(std::string_view key, std::int64_t fallback, std::int64_t min,
                      std::int64_t max) {
    const Json* value = take(key);
    if (value == nullptr) {
      return fallback;
    }
    const auto number = as_int(*value);
    if (!number || *number < min || *number > max) {
      wrong(key, fmt::format("{} is not a whole number of {} to {}", write_json(*value), min, max));
      return fallback;
    }
    return *number;
  }

  // The place of a word in `words`.
  std::size_t word(std::string_view key, std::span<const std::string_view> words) {
    const Json* value = take(key);
    if (value == nullptr) {
      return 0;
    }
    const std::string* text = as_string(*value);
    const auto it = text == nullptr ? words.end() : std::ranges::find(words, *text);
    if (it == words.end()) {
      wrong(key, fmt::format("{} is not one of {}", write_json(*value), fmt::join(words, ", ")));
      return 0;
    }
    return static_cast<std::size_t>(it - words.begin());
  }

  const JsonObject* object(std::string_view key) {
    const Json* value = take(key);
    const JsonObject* object = value == nullptr ? nullptr : as_object(*value);
    if (value != nullptr && object == nullptr) {
      wrong(key, fmt::format("must be an object, not {}", type_name(*value)));
    }
    return object;
  }

  const JsonArray* array(std::string_view key) {
    const Json* value = take(key);
    const JsonArray* array = value == nullptr ? nullptr : as_array(*value);
    if (value != nullptr && array == nullptr) {
      wrong(key, fmt::format("must be an array, not {}", type_name(*value)));
    }
    return array;
  }

  void refuse_unknown() {
    for (const auto& [key, value] : object_) {
      if (std::ranges::find(known_, key) == known_.end()) {
        const std::string_view meant = nearest(key, known_);
        wrong(key, "unknown key" + (meant.empty() ? std::string()
                                                  : fmt::format("; did you mean '{}'?", meant)));
      }
    }
  }

 private:
  Errors& errors_;
  const JsonObject& object_;
  std::string path_;
  std::vector<std::string_view> known_;
};

bool is_prompt_crew(const JsonObject& runtime) {
  constexpr std::string_view kKeys[] = {"system_prompt", "user_template", "patch_template",
                                        "outputs"};
  return std::ranges::any_of(
      kKeys, [&runtime](std::string_view key) { return find(runtime, key) != nullptr; });
}

std::optional<proto::Outcome> outcome_of(std::string_view word) {
  constexpr int kOutcomes = static_cast<int>(proto::Outcome::spawn_failed) + 1;
  for (int i = 0; i < kOutcomes; ++i) {
    if (to_string(static_cast<proto::Outcome>(i)) == word) {
      return static_cast<proto::Outcome>(i);
    }
  }
  return std::nullopt;
}

class ScriptReader {
 public:
  explicit ScriptReader(Errors& errors) : errors_(errors) {}

  Script read(const JsonObject& root) {
    constexpr std::array<std::string_view, 2> kClocks = {"wall", "event"};
    constexpr std::array<std::string_view, 3> kLate = {"next", "drop", "dead_letter"};
    Members members(errors_, root, "");
    script_.slice_ms = members.number("slice_ms", 500, 1, 10'000);
    script_.lateness_ms = members.number("lateness_ms", 0, 0, 10'000);
    script_.clock =
        members.word("clock", kClocks) == 1 ? proto::ClockMode::event : proto::ClockMode::wall;
    script_.late_policy = static_cast<proto::LatePolicy>(members.word("late_policy", kLate));
    script_.ctx_max_bytes =
        members.number("ctx_max_bytes", proto::kContextBytesMaxDefault, 2, 1'048'576);
    script_.backlog_max_batches = members.number("backlog_max_batches", 256, 1, 100'000);
    if (const JsonArray* events = members.array("events")) {
      read_events(*events);
    }
    if (const JsonObject* crews = members.object("crews")) {
      read_crews(*crews);
    }
    if (const JsonObject* reactions = members.object("reactions")) {
      read_reactions(*reactions);
    }
    if (const Json* until = members.take("until_slice"); until != nullptr && !is_null(*until)) {
      script_.until_slice = members.number("until_slice", 0, 0, kSimulatedSlicesMax - 1);
    }
    members.refuse_unknown();
    return std::move(script_);
  }

 private:
  enum class When { slice, ts };

  void read_events(const JsonArray& events) {
    for (std::size_t i = 0; i < events.size(); ++i) {
      const std::string path = fmt::format("events[{}]", i);
      const JsonObject* object = as_object(events[i]);
      if (object == nullptr) {
        errors_.push_back(fmt::format("{}: must be an object, not {}", path, type_name(events[i])));
        continue;
      }
      Members members(errors_, *object, path);
      read_event(members);
      members.refuse_unknown();
    }
  }

  void read_event(Members& members) {
    const Json* kind = members.take("kind");
    const Json* payload = members.take("payload");
    const auto ts = read_when(members);
    const std::string* word = kind == nullptr ? nullptr : as_string(*kind);
    if (word == nullptr) {
      members.wrong("kind", "must be the name of a kind");
      return;
    }
    const auto parsed = parse_kind(*word);
    if (!parsed) {
      members.wrong("kind", parsed.error().message);
    }
    if (ts && parsed) {
      const proto::Event event{*ts,
                               *parsed,
                               {std::string(kSimulatedStream)},
                               payload == nullptr ? "{}" : write_json(*payload)};
      script_.events.push_back({*ts, *parsed, proto::write_event(event)});
    }
  }

  // Slices of a script without times count from an epoch that is as good as any.
  std::optional<WallTime> read_when(Members& members) {
    constexpr WallTime kAnyEpoch{1'735'689'600'000'000};  // 2025-01-01T00:00:00Z
    const Json* slice = members.take("slice");
    const Json* ts = members.take("ts");
    if ((slice == nullptr) == (ts == nullptr)) {
      members.wrong("ts", "give either slice or ts");
      return std::nullopt;
    }
    const When when = slice != nullptr ? When::slice : When::ts;
    if (when_.value_or(when) != when) {
      members.wrong(slice != nullptr ? "slice" : "ts", "all events must say when in the same way");
      return std::nullopt;
    }
    when_ = when;
    if (slice != nullptr) {
      script_.epoch0 = kAnyEpoch;
      const std::int64_t n =
          members.number("slice", 0, -kSimulatedSlicesMax, kSimulatedSlicesMax * 1000);
      return slice_start({n}, kAnyEpoch, millis(script_.slice_ms));
    }
    const std::string* text = as_string(*ts);
    const auto parsed =
        text == nullptr
            ? Result<WallTime>(fail(ErrorCode::invalid_input, "must be an RFC 3339 time"))
            : parse_rfc3339(*text);
    if (!parsed) {
      members.wrong("ts", parsed.error().message);
      return std::nullopt;
    }
    if (script_.events.empty()) {
      script_.epoch0 = *parsed;
    }
    return *parsed;
  }

  // The fields of a runtime file are read by the reader of runtime files.
  void read_crews(const JsonObject& crews) {
    const std::size_t errors_before = errors_.size();
    for (const auto& [name, fields] : crews) {
      const std::string path = "crews." + name;
      const JsonObject* object = as_object(fields);
      if (object == nullptr) {
        errors_.push_back(fmt::format("{}: must be an object, not {}", path, type_name(fields)));
        continue;
      }
      JsonObject runtime = *object;
      if (const Json* crew = find(runtime, "crew"); crew == nullptr) {
        runtime.insert(runtime.begin(), {"crew", name});
      } else if (const std::string* text = as_string(*crew); text == nullptr || *text != name) {
        errors_.push_back(
            fmt::format("{}.crew: {} is not the crew's name", path, write_json(*crew)));
      }
      // What it runs does not matter here: its reactions are the script's.
      std::erase_if(runtime, [](const JsonMember& member) { return member.first == "runner"; });
      if (!is_prompt_crew(runtime)) {
        runtime.emplace_back("runner", JsonArray{"simulated"});
      }
      const proto::ManifestResult result =
          proto::parse_manifest(write_json(Json(std::move(runtime))), path, "", "");
      tell(result.diagnostics);
      if (result.manifest) {
        script_.crews.push_back(*result.manifest);
      }
    }
    if (errors_.size() == errors_before) {
      tell(proto::check_crews(script_.crews));
    }
  }

  void tell(const std::vector<Diagnostic>& diagnostics) {
    for (const Diagnostic& diagnostic : diagnostics) {
      if (diagnostic.severity == Severity::error) {
        errors_.push_back(fmt::format("{}: {}{}", diagnostic.where.file, diagnostic.message,
                                      diagnostic.hint.empty() ? "" : " (" + diagnostic.hint + ")"));
      }
    }
  }

  void read_reactions(const JsonObject& reactions) {
    for (const auto& [name, fields] : reactions) {
      const std::string path = "reactions." + name;
      const JsonObject* object = as_object(fields);
      if (object == nullptr) {
        errors_.push_back(fmt::format("{}: must be an object, not {}", path, type_name(fields)));
        continue;
      }
      if (std::ranges::none_of(script_.crews,
                               [&name](const auto& crew) { return crew.crew.value == name; })) {
        errors_.push_back(fmt::format("{}: no such crew in 'crews'", path));
      }
      Members members(errors_, *object, path);
      script_.reactions[{name}] = read_reaction(members);
      members.refuse_unknown();
    }
  }

  ScriptReaction read_reaction(Members& members) {
    ScriptReaction reaction;
    reaction.takes_ms = members.number("takes_ms", 0, 0, proto::kTimeoutMsMax);
    if (const JsonArray* outcomes = members.array("outcomes")) {
      read_outcomes(members, *outcomes, reaction);
    }
    if (const Json* diff = members.take("diff")) {
      auto parsed = proto::parse_context_diff(write_json(*diff));
      if (parsed) {
        reaction.diff = *std::move(parsed);
      } else {
        members.wrong("diff", parsed.error().message);
      }
    }
    if (const JsonArray* actions = members.array("actions")) {
      read_actions(members, *actions, reaction);
    }
    return reaction;
  }

  void read_outcomes(Members& members, const JsonArray& outcomes, ScriptReaction& reaction) {
    reaction.outcomes.clear();
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      const std::string* word = as_string(outcomes[i]);
      const auto outcome = word == nullptr ? std::nullopt : outcome_of(*word);
      if (outcome) {
        reaction.outcomes.push_back(*outcome);
      } else {
        members.wrong(fmt::format("outcomes[{}]", i),
                      fmt::format("{} is no outcome; try ok, error, exit, crash or timeout",
                                  write_json(outcomes[i])));
      }
    }
    if (outcomes.empty()) {
      members.wrong("outcomes", "the list is empty");
    }
  }

  // An action of a script is an Action without what the supervisor adds.
  void read_actions(Members& members, const JsonArray& actions, ScriptReaction& reaction) {
    for (std::size_t i = 0; i < actions.size(); ++i) {
      const std::string path = fmt::format("actions[{}]", i);
      const JsonObject* object = as_object(actions[i]);
      if (object == nullptr) {
        members.wrong(path, fmt::format("must be an object, not {}", type_name(actions[i])));
        continue;
      }
      if (find(*object, "ts") != nullptr || find(*object, "stream_id") != nullptr) {
        members.wrong(path, "ts and stream_id are added by the supervisor");
        continue;
      }
      JsonObject whole = *object;
      whole.emplace_back("ts", format_rfc3339({}));
      whole.emplace_back("stream_id", kSimulatedStream);
      if (find(whole, "payload") == nullptr) {
        whole.emplace_back("payload", JsonObject{});
      }
      const auto action = proto::parse_action(write_json(Json(std::move(whole))));
      if (action) {
        reaction.actions.push_back({action->kind, action->payload, action->ttl_ms});
      } else {
        members.wrong(path, action.error().message);
      }
    }
  }

  Errors& errors_;
  Script script_;
  std::optional<When> when_;
};

}  // namespace

ScriptResult parse_script(std::string_view text) {
  ScriptResult result;
  const auto json = parse_json(text);
  const JsonObject* root = json ? as_object(*json) : nullptr;
  if (root == nullptr) {
    result.errors.push_back(json ? "the script must be a JSON object" : json.error().message);
    return result;
  }
  Script script = ScriptReader(result.errors).read(*root);
  if (result.errors.empty()) {
    result.script = std::move(script);
  }
  return result;
}

}  // namespace lc::cli
