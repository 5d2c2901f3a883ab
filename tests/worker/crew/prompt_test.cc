#include "worker/crew/prompt.h"

#include <doctest/doctest.h>

#include "common/yaml.h"
#include "proto/template/check.h"
#include "tests/support/scripted_model.h"
#include "worker/crew/output.h"
#include "worker/llm/request_hash.h"

namespace lc::worker {
namespace {

proto::PromptSpec spec_of(std::string_view text) {
  auto result = proto::parse_manifest({.text = text, .file = "c.runtime.yaml"});
  REQUIRE(result.manifest);
  REQUIRE(result.manifest->prompt);
  return *result.manifest->prompt;
}

proto::Ready ready_of(std::optional<std::int64_t> deadline_ms) {
  auto ready = proto::parse_ready(
      R"({"v":1,"stream":"s","slice":84,"crew":"c","attempt":1,"nonce":"n",)"
      R"("epoch0":"2018-09-23T18:45:00.000Z","slice_ms":500,"deadline_ms":null,"lamport":1,)"
      R"("ctx":{"score":{"home":1,"away":0}},"ctx_rev":1,"events":[],"needs":{},"missing":[]})");
  REQUIRE(ready);
  ready->deadline_ms = deadline_ms;
  return *ready;
}

constexpr std::string_view kTalker = R"(
crew: c
triggers: [goal]
model: tiny
system_prompt: "in {{ slice }}"
user_template: "{{ ctx['score']['home'] }}"
patch_template: "ctx['said'] = outputs[0]['text']"
outputs:
  - kind: line
    text: "<{{ generated }}>"
)";

TEST_CASE("prompt: one question, whose answer fills the outputs and the patch") {
  ScriptedModel::Record record;
  int steps = 0;
  auto crew = PromptCrew::create(
      spec_of(kTalker),
      std::make_unique<ScriptedModel>(
          std::deque<Result<ChatAnswer>>{ChatAnswer{.text = "goal", .usage = "{\"n\":1}"}}, record),
      [&steps] { ++steps; });
  REQUIRE(crew);
  const Answer answer = (*crew)->react(ready_of(1'000));
  CHECK(steps == 4);  // two prompts, an output, a patch
  CHECK(answer.error == "");
  CHECK(answer.actions == std::vector<proto::ActionDraft>{{{"line"}, R"({"text":"<goal>"})"}});
  CHECK(answer.diff.set == proto::Context{{"said", "\"<goal>\""}});
  CHECK(answer.usage == "{\"n\":1}");
  REQUIRE(record.asked.size() == 1);
  CHECK(record.asked[0].request.system == "in 84");
  CHECK(record.asked[0].request.user == "1");
  CHECK(record.asked[0].request.model == "tiny");
  CHECK(record.asked[0].budget < millis(1'000));
  CHECK(record.begun == std::vector{std::pair(SliceIndex{84}, Attempt{1})});
  CHECK(answer.model_calls ==
        proto::ModelCalls{
            .calls = {{.request = request_hash(record.asked[0].request),
                       .answer = proto::ModelAnswer{.text = "goal", .usage = "{\"n\":1}"}}}});
}

TEST_CASE("prompt: what the model client cannot do is the reaction's error, and no half answer") {
  ScriptedModel::Record record;
  auto crew = PromptCrew::create(
      spec_of(kTalker), std::make_unique<ScriptedModel>(std::deque<Result<ChatAnswer>>{}, record),
      [] {});
  REQUIRE(crew);
  const Answer answer = (*crew)->react(ready_of({}));
  Answer expected = error_answer("the script has no further answer");
  expected.model_calls.calls = {
      {.request = request_hash(record.asked[0].request),
       .answer = fail(ErrorCode::unavailable, "the script has no further answer")}};
  CHECK(answer == expected);
}

TEST_CASE("prompt: what the model was asked is told also when an output cannot be made of it") {
  proto::PromptSpec spec = spec_of(kTalker);
  spec.patch_template = "ctx['said'] = nobody";
  ScriptedModel::Record record;
  auto crew =
      PromptCrew::create(spec,
                         std::make_unique<ScriptedModel>(
                             std::deque<Result<ChatAnswer>>{ChatAnswer{.text = "goal"}}, record),
                         [] {});
  REQUIRE(crew);
  const Answer answer = (*crew)->react(ready_of({}));
  CHECK(answer.status == proto::DoneStatus::error);
  REQUIRE(answer.model_calls.calls.size() == 1);
  CHECK(answer.model_calls.calls[0].answer->text == "goal");
}

TEST_CASE("prompt: every wrong template is named") {
  proto::PromptSpec spec = spec_of(kTalker);
  spec.system_prompt = "{{ (";
  spec.user_template = "{% if %}";
  spec.patch_template = "{{ }}";
  const auto crew = PromptCrew::create(spec, nullptr, [] {});
  REQUIRE_FALSE(crew);
  for (const char* name : {"system_prompt:1:", "user_template:1:", "patch_template:1:"}) {
    CAPTURE(crew.error().message);
    CHECK(crew.error().message.find(name) != std::string::npos);
  }
}

TEST_CASE("prompt: every variable that templates are checked against has a value") {
  std::string text = "crew: c\ntriggers: [goal]\noutputs:\n  - kind: line\n    all: \"{{ [";
  std::string all;
  for (const std::string_view name : templates::kReactionVariables) {
    text.append(name).append(" is defined, ");
    all += all.empty() ? "true" : ",true";
  }
  const auto crew = PromptCrew::create(spec_of(text + "] }}\"\n"), nullptr, [] {});
  REQUIRE(crew);
  const Answer answer = (*crew)->react(ready_of({}));
  CHECK(answer.actions == std::vector<proto::ActionDraft>{{{"line"}, "{\"all\":[" + all + "]}"}});
}

TEST_CASE("output: only a text that is one expression is a value") {
  CHECK(single_expression("{{ a }}") == " a ");
  CHECK(single_expression("{{- a -}}") == " a ");
  CHECK(single_expression("{{ a }}!") == "");
  CHECK(single_expression(" {{ a }}") == "");
  CHECK(single_expression("{{ a }}{{ b }}") == "");
  CHECK(single_expression("{{}}") == "");
  CHECK(single_expression("{{") == "");
}

}  // namespace
}  // namespace lc::worker
