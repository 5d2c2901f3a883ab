#include "proto/config.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

using namespace lc;
using namespace lc::proto;

namespace {

using Variables = std::map<std::string, std::string>;

std::vector<std::string> problems_of(std::string_view text, const Variables& variables = {}) {
  std::vector<std::string> lines;
  const ConfigResult result = resolve_config(text, "live.yaml", variables);
  for (const Diagnostic& diagnostic : result.diagnostics) {
    lines.push_back(format_diagnostic(diagnostic));
  }
  CHECK(result.config.has_value() == !has_errors(result.diagnostics));
  return lines;
}

ConfigEntry entry_of(const ConfigResult& result, std::string_view path) {
  const auto it = std::ranges::find(result.entries, path, &ConfigEntry::path);
  REQUIRE(it != result.entries.end());
  return *it;
}

}  // namespace

TEST_CASE("config: nothing said means the defaults") {
  const ConfigResult result = resolve_config("", "", {{"PATH", "/bin"}, {"STREAM", "x"}});
  REQUIRE(result.config);
  CHECK(*result.config == LiveConfig{});
  CHECK(result.entries.size() == 27);
  CHECK(std::ranges::is_sorted(result.entries, {}, &ConfigEntry::path));
  CHECK(std::ranges::all_of(result.entries,
                            [](const ConfigEntry& e) { return e.origin == "default"; }));
}

TEST_CASE("config: the file wins over the defaults, the environment over the file") {
  const ConfigResult result = resolve_config(
      "slice_ms: 250\nheartbeat_s: 3\nvector:\n  backend: qdrant\n  url: http://bob:pw@q:6333\n",
      "live.yaml",
      {{"LIVE_CREW_SLICE_MS", "100"},
       {"LIVE_CREW_EVENT_VALIDATION__STRICT_MODE", "false"},
       {"LIVE_CREW_LLM__MODEL", "12"},
       {"LIVE_CREW_SELECTOR", "(a|b)"}});
  REQUIRE(result.config);
  CHECK(result.config->slice_ms == 100);
  CHECK(result.config->heartbeat_s == 3);
  CHECK(result.config->event_validation.strict_mode == false);
  CHECK(result.config->llm.model == "12");  // a text stays one, whatever it looks like
  CHECK(result.config->vector.url == "http://bob:pw@q:6333");
  CHECK(entry_of(result, "slice_ms").origin == "LIVE_CREW_SLICE_MS");
  CHECK(entry_of(result, "heartbeat_s").origin == "live.yaml:2:14");
  CHECK(entry_of(result, "vector.url").value == R"("http://<redacted>@q:6333")");
  CHECK(entry_of(result, "lateness_ms").origin == "default");
}

TEST_CASE("config: context keys have policies") {
  const ConfigResult result = resolve_config(
      "context_keys:\n  score: deep\n  phase: {policy: state_machine, states: [a, b]}\n", "f", {});
  REQUIRE(result.config);
  CHECK(result.config->context_keys.at("score").policy == MergePolicy::deep);
  CHECK(result.config->context_keys.at("phase").states == std::vector<std::string>{"a", "b"});
  CHECK(entry_of(result, "context_keys.phase").value ==
        R"({"policy":"state_machine","states":["a","b"]})");
}

TEST_CASE("config: what is wrong is said with its place and what is accepted") {
  struct Row {
    std::string_view text;
    std::string_view problem;
  };
  constexpr std::array<Row, 13> kRows = {{
      {"slice_ms: 0", "live.yaml:1:11: error: slice_ms: '0' is not a whole number from 1 to 10000"},
      {"slice_ms: '5'",
       "live.yaml:1:11: error: slice_ms: '5' is not a whole number from 1 to 10000 "
       "(write numbers without quotes)"},
      {"slice_mss: 5", "live.yaml:1:1: error: unknown key 'slice_mss' (did you mean 'slice_ms'?)"},
      {"kv_backend: reds",
       "live.yaml:1:13: error: kv_backend: 'reds' is not jetstream, redis or "
       "memory (did you mean 'redis'?)"},
      {"event_validation: {strict_mode: yes}",
       "live.yaml:1:33: error: event_validation.strict_mode: 'yes' is not true or false"},
      {"event_validation: {strict: true}",
       "live.yaml:1:20: error: unknown key "
       "'event_validation.strict' (did you mean "
       "'strict_mode'?)"},
      {"vector: {backend: qdrant}",
       "live.yaml:1:19: error: vector.url is missing: backend 'qdrant' "
       "needs it (set vector.url or LIVE_CREW_VECTOR__URL)"},
      {"nats_url: 'nats://u:secret@'",
       "live.yaml:1:11: error: nats_url: 'nats://<redacted>@' is not a URL like nats://host:port, "
       "or several with commas between them"},
      {"llm: {api_key_env: sk-123}",
       "live.yaml:1:20: error: llm.api_key_env: the value is not the name of an environment "
       "variable (name the variable that holds the key; the key itself never stands in a file)"},
      {"- a",
       "live.yaml:1:1: error: expected a mapping, found a list (write settings like slice_ms: "
       "500)"},
      {"llm: x", "live.yaml:1:6: error: llm: expected a mapping, found 'x'"},
      {"context_keys: {a: {policy: deep, states: []}}",
       "live.yaml:1:42: error: context_keys.a.states: only state_machine has states (remove the "
       "key)"},
      {"context_keys: {a: {states: [x]}}",
       "live.yaml:1:19: error: 'context_keys.a.policy' is missing "
       "(replace, deep, counter, gset or state_machine)"},
  }};
  for (const Row& row : kRows) {
    CAPTURE(row.text);
    const auto problems = problems_of(row.text);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0] == row.problem);
  }
}

TEST_CASE("config: variables are judged like the file") {
  CHECK(problems_of("", {{"LIVE_CREW_SLICE_M", "1"},
                         {"LIVE_CREW_HEARTBEAT_S", ""},
                         {"LIVE_CREW_QUUX", "1"},
                         {"LIVE_CREW_CONTEXT_KEYS__A", "deep"}}) ==
        std::vector<std::string>{
            "LIVE_CREW_CONTEXT_KEYS__A: error: context_keys can only be set in the configuration "
            "file",
            "LIVE_CREW_HEARTBEAT_S: error: heartbeat_s: '' is not a whole number from 1 to 300",
            "LIVE_CREW_QUUX: error: no setting has this variable (live-crew help env lists them)",
            "LIVE_CREW_SLICE_M: error: no setting has this variable (did you mean "
            "'LIVE_CREW_SLICE_MS'?)"});
  for (const std::string_view name : kProgramVariables) {
    CHECK(problems_of("", {{std::string(name), "anything"}}).empty());
  }
}

TEST_CASE("config: all errors come at once, sorted; a broken file does not hide the variables") {
  const auto problems = problems_of("slice_ms: x\nclock: moon\nllm: {timeout_ms: 0}\n",
                                    {{"LIVE_CREW_LATENESS_MS", "-1"}});
  REQUIRE(problems.size() == 4);
  CHECK(problems[0].starts_with("LIVE_CREW_LATENESS_MS: error:"));
  CHECK(problems[3].starts_with("live.yaml:3:19: error: llm.timeout_ms"));
  CHECK(problems_of("a: [", {{"LIVE_CREW_LATENESS_MS", "-1"}}).size() == 2);
}
