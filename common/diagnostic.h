#pragma once

#include <compare>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lc {

enum class Severity { error, warning };

/// A place in a file that a person can open. Line and column count from 1; 0 means the whole file.
struct SourceLocation {
  std::string file;
  int line = 0;
  int column = 0;

  auto operator<=>(const SourceLocation&) const = default;
};

/// One thing that is wrong with an input: where, what, and what to do about it.
struct Diagnostic {
  SourceLocation where;
  Severity severity = Severity::error;
  std::string message;  // what failed, with the exact value
  std::string hint;     // what to do next, or empty

  bool operator==(const Diagnostic&) const = default;
};

/// Sorts by file, line, column; equal places keep their order.
void sort_diagnostics(std::vector<Diagnostic>& diagnostics);

/// `file:12:7: error: crew 'commentary' needs crew 'visoin' (did you mean 'vision'?)`
std::string format_diagnostic(const Diagnostic& diagnostic);

bool has_errors(std::span<const Diagnostic> diagnostics);

/// The candidate nearest to `word` by edit distance, or empty when none is near enough to help.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace lc
