#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "proto/template/evaluator.h"

namespace lc::templates {

/// Knows, character by character, whether a patch text is inside a quoted string or a comment. The
/// lexer of patch lines agrees with it: both end every line's strings and comments at its end.
class QuoteTracker {
 public:
  enum class Inside { nothing, single_quotes, double_quotes, comment };

  void feed(char c);
  Inside inside() const { return inside_; }
  bool after_backslash() const { return after_backslash_; }

 private:
  Inside inside_ = Inside::nothing;
  bool after_backslash_ = false;
};

/// Writes a patch so that inserted values stay data: escaped inside quotes, a literal outside.
class PatchOutput : public Output {
 public:
  explicit PatchOutput(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  Outcome<void> text(std::string_view text) override;
  Outcome<void> value(const Value& value, Meter& meter) override;
  std::string take() { return std::move(out_); }

 private:
  std::size_t bytes_max_;
  std::string out_;
  QuoteTracker tracker_;
};

/// `line` without the comment at its end.
std::string_view without_comment(std::string_view line);

}  // namespace lc::templates
