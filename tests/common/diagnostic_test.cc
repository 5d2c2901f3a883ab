#include "common/diagnostic.h"

#include <doctest/doctest.h>

#include <array>

using namespace lc;

TEST_CASE("diagnostic: reads as file, line, column, severity, words and hint") {
  const Diagnostic whole{
      {"a.yaml", 12, 7}, Severity::error, "no crew 'visoin'", "did you mean 'x'?"};
  CHECK(format_diagnostic(whole) == "a.yaml:12:7: error: no crew 'visoin' (did you mean 'x'?)");
  CHECK(format_diagnostic({{"a.yaml"}, Severity::warning, "odd", ""}) == "a.yaml: warning: odd");
  CHECK(format_diagnostic({{"a.yaml", 3}, Severity::error, "bad", ""}) == "a.yaml:3: error: bad");
}

TEST_CASE("diagnostic: sorted by file, line and column; equal places keep their order") {
  std::vector<Diagnostic> list = {{{"b", 1, 1}, Severity::error, "5", ""},
                                  {{"a", 10, 1}, Severity::error, "4", ""},
                                  {{"a", 9, 2}, Severity::warning, "2", ""},
                                  {{"a", 9, 2}, Severity::error, "3", ""},
                                  {{"a", 9, 1}, Severity::error, "1", ""}};
  sort_diagnostics(list);
  std::string order;
  for (const Diagnostic& diagnostic : list) {
    order += diagnostic.message;
  }
  CHECK(order == "12345");
}

TEST_CASE("diagnostic: warnings alone are no errors") {
  const std::array<Diagnostic, 1> warning = {{{{"a"}, Severity::warning, "w", ""}}};
  const std::array<Diagnostic, 1> error = {{{{"a"}, Severity::error, "e", ""}}};
  CHECK_FALSE(has_errors({}));
  CHECK_FALSE(has_errors(warning));
  CHECK(has_errors(error));
}

TEST_CASE("nearest: suggests slips of the finger and nothing far-fetched") {
  constexpr std::array<std::string_view, 6> kWords = {"vision",       "score_tracker", "timeout_ms",
                                                      "slice_stride", "all",           "any"};
  struct Row {
    std::string_view word;
    std::string_view expected;
  };
  constexpr std::array<Row, 12> kRows = {{
      {"visoin", "vision"},
      {"Vision", "vision"},
      {"timeout-ms", "timeout_ms"},
      {"timeout", "timeout_ms"},
      {"timeoutms", "timeout_ms"},
      {"slice_strde", "slice_stride"},
      {"al", "all"},
      {"anny", "any"},
      {"x", ""},
      {"vision_crew", "vision"},
      {"commentator", ""},
      {"", ""},
  }};
  for (const Row& row : kRows) {
    CAPTURE(row.word);
    CHECK(nearest(row.word, kWords) == row.expected);
  }
  CHECK(nearest(std::string(5000, 'a'), kWords).empty());
  CHECK(nearest("word", {}).empty());
}
