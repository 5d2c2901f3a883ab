#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "common/diagnostic.h"

namespace lc::templates {

/// What a text is for decides which variables it sees.
enum class TemplateUse { prompt, output, patch };

/// The variables of every reaction, sorted. Outputs see `generated` too, patches also `outputs`.
inline constexpr std::array<std::string_view, 9> kReactionVariables = {
    "crew", "ctx", "epoch0", "event", "events", "missing", "needs", "slice", "stream"};

/// What is wrong with a template: line and column count from 1 inside its text.
struct TemplateProblem {
  Severity severity = Severity::error;
  std::string message;
  std::string hint;
  int line = 1;
  int column = 1;

  bool operator==(const TemplateProblem&) const = default;
};

/// Judges a template before anything runs: what cannot be compiled is an error, a name that no
/// reaction has a value for is a warning. Lines of a patch that hold no tag are judged as well.
std::vector<TemplateProblem> check_template(std::string_view text, TemplateUse use);

}  // namespace lc::templates
