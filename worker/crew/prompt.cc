#include "worker/crew/prompt.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "common/check.h"
#include "proto/template/json_bridge.h"
#include "proto/template/patch.h"
#include "proto/template/template.h"
#include "worker/crew/output.h"
#include "worker/crew/variables.h"

namespace lc::worker {
namespace {

using Document = nlohmann::ordered_json;

constexpr std::int64_t kBudgetMsDefault = 600'000;  // without a deadline: the client has its own
constexpr std::int64_t kReserveMsMax = 100;         // of the deadline, to still send the answer

struct Output {
  Kind kind;
  std::int64_t ttl_ms = 0;
  std::vector<std::pair<std::string, OutputValue>> fields;
};

Result<Output> compile_output(const proto::OutputTemplate& written, std::size_t index) {
  Output output{.kind = written.kind, .ttl_ms = written.ttl_ms, .fields = {}};
  for (const auto& [name, node] : written.fields) {
    LC_TRY(OutputValue value,
           OutputValue::compile(node, fmt::format("outputs[{}].{}", index, name)));
    output.fields.emplace_back(name, std::move(value));
  }
  return output;
}

// Every text of an output, where templates may stand.
void add_mentions_in(const YamlNode& node, Mentions& mentions) {
  add_mentions(node.text, mentions);
  for (const YamlNode& item : node.items) {
    add_mentions_in(item, mentions);
  }
  for (const auto& [key, value] : node.members) {
    add_mentions_in(value, mentions);
  }
}

Mentions mentions_of(const proto::PromptSpec& spec) {
  Mentions mentions;
  for (const std::string& text : {spec.system_prompt, spec.user_template, spec.patch_template}) {
    add_mentions(text, mentions);
  }
  for (const proto::OutputTemplate& output : spec.outputs) {
    for (const auto& [name, node] : output.fields) {
      add_mentions_in(node, mentions);
    }
  }
  return mentions;
}

Micros budget_of(const proto::Ready& ready) {
  if (!ready.deadline_ms) {
    return millis(kBudgetMsDefault);
  }
  return millis(*ready.deadline_ms - std::min(kReserveMsMax, *ready.deadline_ms / 10));
}

}  // namespace

struct PromptCrew::Templates {
  templates::Template system_prompt;
  templates::Template user_template;
  templates::Patch patch;
  std::vector<Output> outputs;
  Mentions mentions;
};

bool needs_model(const proto::PromptSpec& spec) {
  return !spec.system_prompt.empty() || !spec.user_template.empty();
}

PromptCrew::PromptCrew(const proto::PromptSpec& spec, std::unique_ptr<Templates> templates,
                       std::unique_ptr<ModelClient> model, OnProgress on_progress)
    : settings_{.model = spec.model,
                .system = {},
                .user = {},
                .temperature = spec.temperature,
                .max_tokens = spec.max_tokens},
      asks_(needs_model(spec)),
      templates_(std::move(templates)),
      model_(model ? std::make_unique<RecordingModel>(std::move(model)) : nullptr),
      on_progress_(std::move(on_progress)) {
  LC_ASSERT(!asks_ || model_ != nullptr);
}

PromptCrew::~PromptCrew() = default;

Result<std::unique_ptr<Crew>> PromptCrew::create(const proto::PromptSpec& spec,
                                                 std::unique_ptr<ModelClient> model,
                                                 OnProgress on_progress) {
  std::string problems;
  const auto note = [&problems](const Error& error) {
    problems += (problems.empty() ? "" : "\n") + error.message;
  };
  auto system = templates::Template::compile(spec.system_prompt, {.name = "system_prompt"});
  auto user = templates::Template::compile(spec.user_template, {.name = "user_template"});
  auto patch = templates::Patch::compile(spec.patch_template, {.name = "patch_template"});
  if (!system) {
    note(system.error());
  }
  if (!user) {
    note(user.error());
  }
  if (!patch) {
    note(patch.error());
  }
  std::vector<Output> outputs;
  for (const proto::OutputTemplate& written : spec.outputs) {
    if (auto output = compile_output(written, outputs.size())) {
      outputs.push_back(std::move(*output));
    } else {
      note(output.error());
    }
  }
  if (!problems.empty()) {
    return fail(ErrorCode::invalid_input, problems);
  }
  auto templates = std::make_unique<Templates>(Templates{.system_prompt = std::move(*system),
                                                         .user_template = std::move(*user),
                                                         .patch = std::move(*patch),
                                                         .outputs = std::move(outputs),
                                                         .mentions = mentions_of(spec)});
  return std::unique_ptr<Crew>(
      new PromptCrew(spec, std::move(templates), std::move(model), std::move(on_progress)));
}

Answer PromptCrew::react(const proto::Ready& ready) {
  if (model_) {
    model_->begin(ready.slice, ready.attempt);
  }
  auto result = try_react(ready);
  Answer answer = result ? std::move(*result) : error_answer(result.error().message);
  if (model_) {
    answer.model_calls = model_->take_calls();
  }
  return answer;
}

Result<Answer> PromptCrew::try_react(const proto::Ready& ready) const {
  LC_TRY(Document variables, variables_of(ready, templates_->mentions));
  Answer answer;
  variables["generated"] = "";
  if (asks_) {
    ChatRequest request = settings_;
    LC_TRY(request.system, templates_->system_prompt.render(variables));
    on_progress_();
    LC_TRY(request.user, templates_->user_template.render(variables));
    on_progress_();
    LC_TRY(ChatAnswer chat, model_->complete(request, budget_of(ready)));
    variables["generated"] = std::move(chat.text);
    answer.usage = std::move(chat.usage);
  }
  Document outputs = Document::array();
  for (const Output& output : templates_->outputs) {
    Document payload = Document::object();
    for (const auto& [name, value] : output.fields) {
      LC_TRY(payload[name], value.render(variables));
      on_progress_();
    }
    LC_TRY(std::string text, templates::canonical_text(payload));
    answer.actions.push_back(
        {.kind = output.kind, .payload = std::move(text), .ttl_ms = output.ttl_ms});
    payload["kind"] = output.kind.value;
    outputs.push_back(std::move(payload));
  }
  variables["outputs"] = std::move(outputs);
  Document ctx = Document::object();
  if (templates_->mentions.contains("ctx")) {
    ctx = std::move(variables["ctx"]);
  }
  LC_TRY(answer.diff, templates_->patch.apply(variables, ctx));
  on_progress_();
  return answer;
}

}  // namespace lc::worker
