#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/ids.h"
#include "common/result.h"

namespace re2 {
class RE2;
}

namespace lc::supervisor {

/// Which crews this host runs: a regular expression that must match the whole name.
class Selector {
 public:
  /// `pattern` empty: every crew. Errors: invalid_input - not a regular expression (RE2 syntax).
  static Result<Selector> create(const std::string& pattern);
  ~Selector();
  Selector(Selector&&) noexcept;
  Selector& operator=(Selector&&) noexcept;

  bool matches(const CrewId& crew) const;

 private:
  explicit Selector(std::unique_ptr<re2::RE2> expression);

  std::unique_ptr<re2::RE2> expression_;  // null: everything
};

}  // namespace lc::supervisor
