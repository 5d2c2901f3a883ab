#include "proto/template/check.h"

#include <algorithm>
#include <string>

#include "proto/template/compile.h"

namespace lc::templates {
namespace {

std::vector<std::string_view> variables_for(TemplateUse use) {
  std::vector<std::string_view> names(kReactionVariables.begin(), kReactionVariables.end());
  if (use != TemplateUse::prompt) {
    names.emplace_back("generated");
  }
  if (use == TemplateUse::patch) {
    names.emplace_back("outputs");
  }
  std::ranges::sort(names);
  return names;
}

std::string hint_for(std::string_view name, const std::vector<std::string_view>& known) {
  if (const std::string_view meant = nearest(name, known); !meant.empty()) {
    return "did you mean '" + std::string(meant) + "'?";
  }
  std::string words = "there are";
  for (const std::string_view word : known) {
    words.append(word == known.front() ? " " : ", ").append(word);
  }
  return words;
}

}  // namespace

std::vector<TemplateProblem> check_template(std::string_view text, TemplateUse use) {
  const auto program = parse_text(text, kTemplateBytesMax);
  if (!program) {
    const Fault& fault = program.error();
    return {{.severity = Severity::error,
             .message = fault.message,
             .hint = {},
             .line = std::max(1, fault.place.line),
             .column = std::max(1, fault.place.column)}};
  }
  std::vector<TemplateProblem> problems;
  const std::vector<std::string_view> known = variables_for(use);
  for (const FreeName& free : program->names) {
    if (!std::ranges::binary_search(known, free.name)) {
      problems.push_back({.severity = Severity::warning,
                          .message = "'" + free.name + "' has no value here",
                          .hint = hint_for(free.name, known),
                          .line = free.place.line,
                          .column = free.place.column});
    }
  }
  return problems;
}

}  // namespace lc::templates
