#include "supervisor/selector.h"

#include <re2/re2.h>

namespace lc::supervisor {

Selector::Selector(std::unique_ptr<re2::RE2> expression) : expression_(std::move(expression)) {}
Selector::~Selector() = default;
Selector::Selector(Selector&&) noexcept = default;
Selector& Selector::operator=(Selector&&) noexcept = default;

Result<Selector> Selector::create(const std::string& pattern) {
  if (pattern.empty()) {
    return Selector(nullptr);
  }
  auto expression = std::make_unique<re2::RE2>(pattern, re2::RE2::Quiet);
  if (!expression->ok()) {
    return fail(ErrorCode::invalid_input,
                "the selector (--selector, LIVE_CREW_SELECTOR) '" + pattern +
                    "' is not a regular expression: " + expression->error());
  }
  return Selector(std::move(expression));
}

bool Selector::matches(const CrewId& crew) const {
  return expression_ == nullptr || re2::RE2::FullMatch(crew.value, *expression_);
}

}  // namespace lc::supervisor
