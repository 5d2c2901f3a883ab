#include "common/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>

namespace lc {
namespace {

constexpr std::size_t kWordCharsMax = 100;  // longer words are never a slip of the finger

// Levenshtein's distance, counting two swapped neighbours as one slip.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    last[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

std::string lower(std::string_view word) {
  std::string out(word);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  std::ranges::replace(out, '-', '_');
  return out;
}

// 'timeout' for 'timeout_ms', 'vision_crew' for 'vision'.
std::string_view sharing_a_start(const std::string& word,
                                 std::span<const std::string_view> candidates) {
  constexpr std::size_t kStartCharsMin = 4;
  for (const std::string_view candidate : candidates) {
    const std::string other = lower(candidate);
    if (std::min(word.size(), other.size()) >= kStartCharsMin &&
        (other.starts_with(word + "_") || word.starts_with(other + "_"))) {
      return candidate;
    }
  }
  return {};
}

}  // namespace

void sort_diagnostics(std::vector<Diagnostic>& diagnostics) {
  std::ranges::stable_sort(diagnostics, {}, &Diagnostic::where);
}

std::string format_diagnostic(const Diagnostic& diagnostic) {
  std::string out = diagnostic.where.file;
  if (diagnostic.where.line > 0) {
    out += fmt::format(":{}", diagnostic.where.line);
    if (diagnostic.where.column > 0) {
      out += fmt::format(":{}", diagnostic.where.column);
    }
  }
  if (!out.empty()) {
    out += ": ";
  }
  out += diagnostic.severity == Severity::error ? "error: " : "warning: ";
  out += diagnostic.message;
  if (!diagnostic.hint.empty()) {
    out += fmt::format(" ({})", diagnostic.hint);
  }
  return out;
}

bool has_errors(std::span<const Diagnostic> diagnostics) {
  return std::ranges::any_of(diagnostics,
                             [](const Diagnostic& d) { return d.severity == Severity::error; });
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  if (word.size() > kWordCharsMax) {
    return {};
  }
  const std::string wanted = lower(word);
  std::string_view best;
  // Near enough is a third of the letters: two slips in 'visoin', none in 'ab'.
  std::size_t best_distance = std::max<std::size_t>(1, wanted.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > kWordCharsMax) {
      continue;
    }
    const std::size_t distance = edit_distance(wanted, lower(candidate));
    if (distance < best_distance && distance < std::max<std::size_t>(candidate.size(), 2)) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best.empty() ? sharing_a_start(wanted, candidates) : best;
}

}  // namespace lc
