#include "proto/manifest.h"

#include <doctest/doctest.h>

#include <array>

using namespace lc;
using namespace lc::proto;

namespace {

std::vector<std::string> lines_of(const ManifestResult& result) {
  std::vector<std::string> lines;
  for (const Diagnostic& diagnostic : result.diagnostics) {
    lines.push_back(format_diagnostic(diagnostic));
  }
  CHECK(result.manifest.has_value() == !has_errors(result.diagnostics));
  return lines;
}

constexpr std::string_view kHead = "crew: a\ntriggers: [goal]\ntimeout_ms: 9\n";

// The problems of a crew that is whole but for what is added.
std::vector<std::string> problems_with(std::string_view more,
                                       std::string_view way = "runner: [x]\n") {
  return lines_of(parse_manifest(std::string(kHead) + std::string(more) + std::string(way),
                                 "a.runtime.yaml", "", ""));
}

}  // namespace

TEST_CASE("manifest: the example of the documentation is read whole") {
  const auto result = parse_manifest(R"(crew: "commentary"
triggers: ["goal_scored"]
needs:
  - type: crew
    crew: "vision"
    offset: -1
  - {type: event, event: frame}
wait_policy: timeout:250
slice_stride: 2
timeout_ms: 100
backlog_policy: latest
max_errors: 5
dispatch: event
runner: [python3, react.py]
)",
                                     "crews/commentary/commentary.runtime.yaml", "", "");
  CHECK(lines_of(result).empty());
  REQUIRE(result.manifest);
  const Manifest& crew = *result.manifest;
  CHECK(crew.crew.value == "commentary");
  CHECK(crew.triggers == std::vector<Kind>{{"goal_scored"}});
  REQUIRE(crew.needs.size() == 2);
  CHECK(need_label(crew.needs[0]) == "vision@-1");
  CHECK(need_label(crew.needs[1]) == "frame@0");
  CHECK(crew.need_where[0] == SourceLocation{"crews/commentary/commentary.runtime.yaml", 5, 11});
  CHECK(wait_policy_text(crew) == "timeout:250");
  CHECK(crew.slice_stride == 2);
  CHECK(crew.timeout_ms == 100);
  CHECK(crew.backlog_policy == BacklogPolicy::latest);
  CHECK(crew.max_errors == 5);
  CHECK(crew.dispatch == DispatchMode::event);
  CHECK(crew.runner == std::vector<std::string>{"python3", "react.py"});
  CHECK(crew.folder == "crews/commentary");
  CHECK_FALSE(crew.prompt);
}

TEST_CASE("manifest: waiting for all is the default when there is something to wait for") {
  const auto policy = [](std::string_view more) {
    return parse_manifest(std::string(kHead) + std::string(more) + "runner: [x]\n",
                          "a.runtime.yaml", "", "")
        .manifest->wait_policy;
  };
  CHECK(policy("") == WaitPolicy::none);
  CHECK(policy("needs: []\n") == WaitPolicy::none);
  CHECK(policy("needs: [{type: crew, crew: b}]\n") == WaitPolicy::all);
  CHECK(policy("needs: [{type: crew, crew: b}]\nwait_policy: any\n") == WaitPolicy::any);
}

TEST_CASE("manifest: a prompt crew's keys stand in either file") {
  constexpr std::string_view kPrompt = R"(system_prompt: "You are excited."
user_template: "{{ ctx['score'] }}"
patch_template: |
  ctx['last'] = outputs[0]['text']
outputs:
  - kind: line
    text: "{{ generated }}"
    tags: [live, "{{ slice }}"]
temperature: 0.70
max_tokens: 60
)";
  const std::string one = std::string(kHead) + std::string(kPrompt);
  const auto together = parse_manifest(one, "a.runtime.yaml", "", "");
  const auto apart = parse_manifest(kHead, "a.runtime.yaml", kPrompt, "a.yaml");
  for (const ManifestResult* result : {&together, &apart}) {
    CHECK(lines_of(*result).empty());
    REQUIRE(result->manifest);
    REQUIRE(result->manifest->prompt);
    const PromptSpec& prompt = *result->manifest->prompt;
    CHECK(prompt.patch_template == "ctx['last'] = outputs[0]['text']\n");
    CHECK(prompt.temperature == "0.70");
    CHECK(prompt.max_tokens == 60);
    REQUIRE(prompt.outputs.size() == 1);
    CHECK(prompt.outputs[0].ttl_ms == 5000);
    REQUIRE(prompt.outputs[0].fields.size() == 2);
    CHECK(prompt.outputs[0].fields[1].first == "tags");
    CHECK(prompt.outputs[0].fields[1].second.items.size() == 2);
  }
  CHECK(lines_of(parse_manifest(one, "a.runtime.yaml", "model: m\nmax_tokens: 3\n", "a.yaml")) ==
        std::vector<std::string>{"a.yaml:2:13: error: 'max_tokens' is given twice (it stands in "
                                 "a.runtime.yaml, line 13 already)"});
  CHECK(lines_of(parse_manifest(one, "a.runtime.yaml", "crew: a\n", "a.yaml")).size() == 1);
}

TEST_CASE("manifest: a crew is a program or a prompt crew, not both and not neither") {
  CHECK(problems_with("user_template: hi\noutputs: [{kind: k}]\n") ==
        std::vector<std::string>{
            "a.runtime.yaml:6:9: error: the crew is both a program (runner) and a prompt crew "
            "('user_template' in a.runtime.yaml, line 4) (keep one of them)"});
  CHECK(
      problems_with("", "") ==
      std::vector<std::string>{
          "a.runtime.yaml:1:7: error: the crew has nothing to run (give it runner: [command, ...], "
          "or user_template and outputs in this file, or the same in <crew>.yaml beside it)"});
  ManifestSource source = {.text = kHead, .file = "a.runtime.yaml"};
  source.has_crewai_files = true;
  CHECK(lines_of(parse_manifest(source)).at(0).find("are not understood yet") != std::string::npos);
  CHECK(
      problems_with("", "user_template: hi\n") ==
      std::vector<std::string>{"a.runtime.yaml:4:16: warning: the crew's reactions have no effect "
                               "(give it outputs or a patch_template)"});
}

TEST_CASE("manifest: what is wrong is said with its place and what is accepted") {
  struct Row {
    std::string_view more;
    std::string_view problem;  // after the file's name
  };
  constexpr std::array<Row, 17> kRows = {{
      {"wait_polcy: any\n", ":4:1: error: unknown key 'wait_polcy' (did you mean 'wait_policy'?)"},
      {"wait_policy: al\n",
       ":4:14: error: wait_policy: 'al' is not all, any, none or timeout:<ms> (1 "
       "to 86400000) (did you mean 'all'?)"},
      {"wait_policy: {timeout: 5}\n",
       ":4:14: error: wait_policy: a mapping is not all, any, none or "
       "timeout:<ms> (1 to 86400000) (write timeout:250 without a "
       "space)"},
      {"wait_policy: timeout:0\n",
       ":4:14: error: wait_policy: 'timeout:0' is not all, any, none or "
       "timeout:<ms> (1 to 86400000)"},
      {"slice_stride: 0\n",
       ":4:15: error: slice_stride: '0' is not a whole number from 1 to 1000000"},
      {"max_errors: 1.5\n",
       ":4:13: error: max_errors: '1.5' is not a whole number from 1 to 1000000"},
      {"backlog_policy: fifi\n",
       ":4:17: error: backlog_policy: 'fifi' is not fifo or latest (did you "
       "mean 'fifo'?)"},
      {"needs: vision\n", ":4:8: error: needs: expected a list, found 'vision' (write [vision])"},
      {"needs: [vision]\n",
       ":4:9: error: needs[0]: expected a mapping, found 'vision' (write {type: "
       "crew, crew: vision, offset: -1})"},
      {"needs: [{type: crw, crew: b}]\n",
       ":4:16: error: needs[0].type: 'crw' is not crew or event "
       "(did you mean 'crew'?)"},
      {"needs: [{type: crew, crew: b, ofset: 1}]\n",
       ":4:31: error: unknown key 'needs[0].ofset' (did "
       "you mean 'offset'?)"},
      {"needs: [{type: crew, crew: b}, {type: crew, crew: b, offset: -1}]\n",
       ":4:32: error: needs[1]: 'b@-1' is given twice (remove one)"},
      {"needs: [{type: event, event: __hb}]\n",
       ":4:30: error: needs[0].event: kind '__hb' is reserved: kinds that start with '__' are the "
       "system's"},
      {"needs: [{type: crew, crew: b, offset: -1001}]\n",
       ":4:39: error: needs[0].offset: '-1001' is not a whole number from -1000 to 1000"},
      {"tools: [search]\n",
       ":4:8: error: tools: not supported by this version (remove the key or "
       "leave the list empty)"},
      {"capabilities: all\n",
       ":4:15: error: capabilities: expected a list, found 'all' (write "
       "[all])"},
      {"crew: b\n", ":4:1: error: duplicate key 'crew' (it stands in line 1 already)"},
  }};
  for (const Row& row : kRows) {
    CAPTURE(row.more);
    const auto problems = problems_with(row.more);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0] == "a.runtime.yaml" + std::string(row.problem));
  }
}

TEST_CASE("manifest: all errors of all parts come at once, sorted") {
  const auto lines =
      lines_of(parse_manifest("triggers: [a, __x, a]\ncrew: b c\nrunner: [1, '']\ntimeout: 5\n",
                              "z.runtime.yaml", "temperature: 3\n", "z.yaml"));
  REQUIRE(lines.size() == 8);
  CHECK(lines[0].starts_with("z.runtime.yaml:1:15: error: triggers[1]: kind '__x' is reserved"));
  CHECK(lines[1].starts_with("z.runtime.yaml:1:20: error: triggers[2]: 'a' is given twice"));
  CHECK(lines[2].starts_with("z.runtime.yaml:2:7: error: crew 'b c' must match"));
  CHECK(lines[3].starts_with("z.runtime.yaml:2:7: warning: timeout_ms is missing"));
  CHECK(lines[4].starts_with("z.runtime.yaml:3:9: error: the crew is both"));
  CHECK(lines[5].starts_with(
      "z.runtime.yaml:3:10: error: runner[0]: expected a text, found a number"));
  CHECK(
      lines[6].starts_with("z.runtime.yaml:4:1: error: unknown key 'timeout' (did you mean "
                           "'timeout_ms'?)"));
  CHECK(lines[7].starts_with("z.yaml:1:14: error: temperature"));
}

TEST_CASE("manifest: a file that is named otherwise and a missing limit are warnings") {
  const auto result =
      parse_manifest("crew: a\ntriggers: [goal]\nrunner: [x]\n", "d/b.runtime.yaml", "", "");
  CHECK(result.manifest.has_value());
  CHECK(lines_of(result) ==
        std::vector<std::string>{
            "d/b.runtime.yaml:1:7: warning: crew 'a' stands in a file called 'b.runtime.yaml' "
            "(rename "
            "the file to 'a.runtime.yaml')",
            "d/b.runtime.yaml:1:7: warning: timeout_ms is missing: a reaction that hangs is never "
            "killed (set a limit, as in timeout_ms: 2000)"});
}

TEST_CASE("manifest: a name that stands twice does not hide what else is wrong") {
  const std::string text =
      "crew: a\ntriggers: [goal]\ntriggers: [foul]\ntimeout_ms: 0\nrunner: [x]\nmax_errors: 0\n";
  CHECK(lines_of(parse_manifest(text, "a.runtime.yaml", "", "")) ==
        std::vector<std::string>{
            "a.runtime.yaml:3:1: error: duplicate key 'triggers' (it stands in line 2 already)",
            "a.runtime.yaml:4:13: error: timeout_ms: '0' is not a whole number from 1 to 86400000",
            "a.runtime.yaml:6:13: error: max_errors: '0' is not a whole number from 1 to 1000000"});
}

TEST_CASE("manifest: an unreadable file still says which crew it would be") {
  for (const std::string_view text : {"a: [", "", "- x", "crew: [a]"}) {
    const auto result = parse_manifest(text, "x/vision.runtime.yaml", "", "");
    CHECK_FALSE(result.manifest);
    CHECK(result.crew == "vision");
  }
}

TEST_CASE("manifest: temperatures from 0 to 2 are kept as written") {
  for (const std::string_view good : {"0", "0.0", "1.25", "2", "2.000", ".5"}) {
    CAPTURE(good);
    CHECK(problems_with("patch_template: del ctx.a\ntemperature: " + std::string(good) + "\n", "")
              .empty());
  }
  for (const std::string_view bad : {"2.01", "-0.1", "10", "1e0", "hot", "'1'", "null", "12.0"}) {
    CAPTURE(bad);
    CHECK(problems_with("patch_template: del ctx.a\ntemperature: " + std::string(bad) + "\n", "")
              .size() == 1);
  }
}

TEST_CASE("manifest: what is wrong inside a template is placed in the file") {
  const std::string text = std::string(kHead) +
                           "user_template: \"{{ a. }}\"\npatch_template: |\n  ok\n  {{ )\n"
                           "outputs:\n  - kind: k\n    deep: [{x: \"{% if %}\"}]\n"
                           "    typo: \"{{ generate }} {{ outputs }}\"\n";
  CHECK(
      lines_of(parse_manifest({.text = text, .file = "a.runtime.yaml"})) ==
      std::vector<std::string>{
          "a.runtime.yaml:4:23: error: user_template: unexpected '}}', expected a name or number",
          "a.runtime.yaml:7:6: error: patch_template: unexpected ')'",
          "a.runtime.yaml:10:23: error: outputs[0].deep.x: unexpected '%}', expected an "
          "expression",
          "a.runtime.yaml:11:15: warning: outputs[0].typo: 'generate' has no value here (did you "
          "mean 'generated'?)",
          "a.runtime.yaml:11:30: warning: outputs[0].typo: 'outputs' has no value here (there are "
          "crew, ctx, epoch0, event, events, generated, missing, needs, slice, stream)"});
}
