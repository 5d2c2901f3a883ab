#include "common/yaml.h"

#include <doctest/doctest.h>

#include <array>

using namespace lc;

namespace {

std::string json_of(std::string_view text) {
  const auto node = parse_yaml(text, "f.yaml");
  if (!node) {
    return format_diagnostic(node.error().diagnostics.front());
  }
  return write_json(to_json(*node));
}

std::vector<std::string> problems_of(std::string_view text) {
  std::vector<std::string> lines;
  if (const auto node = parse_yaml(text, "f.yaml"); !node) {
    for (const Diagnostic& diagnostic : node.error().diagnostics) {
      lines.push_back(format_diagnostic(diagnostic));
    }
  }
  return lines;
}

}  // namespace

TEST_CASE("yaml: plain scalars are typed by the core schema, quoted ones are text") {
  struct Row {
    std::string_view yaml;
    std::string_view json;
  };
  constexpr std::array<Row, 27> kRows = {{
      {"", "null"},
      {"# only a comment\n", "null"},
      {"~", "null"},
      {"null", "null"},
      {"true", "true"},
      {"False", "false"},
      {"yes", R"("yes")"},
      {"off", R"("off")"},
      {"12", "12"},
      {"-7", "-7"},
      {"+7", "7"},
      {"007", "7"},
      {"0x1F", "31"},
      {"0o17", "15"},
      {"1.50", "1.50"},
      {".5", "0.5"},
      {"1.", "1.0"},
      {"1e3", "1e3"},
      {"1e", R"("1e")"},
      {".", R"(".")"},
      {"-", "[null]"},
      {".inf", R"(".inf")"},
      {"'12'", R"("12")"},
      {"\"true\"", R"("true")"},
      {"|\n  a\n  b\n", R"("a\nb\n")"},
      {"{a: [1, x], b: }", R"({"a":[1,"x"],"b":null})"},
      {"99999999999999999999", "99999999999999999999"},
  }};
  for (const Row& row : kRows) {
    CAPTURE(row.yaml);
    CHECK(json_of(row.yaml) == row.json);
  }
}

TEST_CASE("yaml: every node knows its line and column, counted in characters") {
  const auto root =
      parse_yaml("\xef\xbb\xbf# c\nname: x\nümlaut: [\"ö\", zwei]\nempty:\n", "f.yaml");
  REQUIRE(root);
  const YamlNode* list = find(*root, "ümlaut");
  REQUIRE(list != nullptr);
  CHECK(list->line == 3);
  CHECK(list->column == 9);
  CHECK(list->items.at(1).column == 15);
  CHECK(find(*root, "empty")->line == 4);
  CHECK(find(*root, "other") == nullptr);
}

TEST_CASE("yaml: what would be ambiguous or dangerous is refused where it stands") {
  struct Row {
    std::string_view yaml;
    std::string_view problem;
  };
  const std::array<Row, 17> rows = {{
      {"a: 1\nb: 2\na: 3\n", "f.yaml:3:1: error: duplicate key 'a' (it stands in line 1 already)"},
      {"a: &x 1\n",
       "f.yaml:1:4: error: anchors (&name) are not accepted (write the value out where "
       "it is used)"},
      {"a: !!str 1\n",
       "f.yaml:1:4: error: tags are not accepted: 'tag:yaml.org,2002:str' (remove "
       "the tag)"},
      {"a: 1\n---\nb: 2\n",
       "f.yaml:2:1: error: a second document starts here (keep one document "
       "per file: remove '---')"},
      {"? [a]\n: 1\n",
       "f.yaml:1:3: error: a key must be a name, not a list (quote it if it is "
       "meant as text)"},
      {"~: 1\n",
       "f.yaml:1:1: error: a key must be a name, not nothing (quote it if it is meant as "
       "text)"},
      {"a: b: c\n",
       "f.yaml:1:5: error: illegal map value (check the indentation; quote a text that contains ': "
       "')"},
      {"a:\n\t- b\n", "f.yaml:2:2: error: illegal block entry (indent with spaces, not tabs)"},
      {"- a\nb: c\n",
       "f.yaml:2:1: error: this does not belong to what stands above it (check the indentation)"},
      {"a: \"it's\nb: 2\n",
       "f.yaml:1:4: error: this quote is never closed (add the closing quote)"},
      {"a: @x\n",
       "f.yaml:1:4: error: unknown token (quote a text that starts with a special character)"},
      {"a: \xff\n", "f.yaml:1:4: error: byte 0xff is not UTF-8 (save the file as UTF-8)"},
      {"a: \xed\xa0\x80\n", "f.yaml:1:4: error: byte 0xed is not UTF-8 (save the file as UTF-8)"},
      {"a: \xc0\xaf\n", "f.yaml:1:4: error: byte 0xc0 is not UTF-8 (save the file as UTF-8)"},
      {std::string_view("a: \0\n", 5),
       "f.yaml:1:4: error: control character U+0000 (write it as an "
       "escape in a double-quoted string)"},
      {"a: [1, 2\n", "f.yaml:2:1: error: end of sequence flow not found"},
      {"a: 'open''\n", "f.yaml:1:4: error: this quote is never closed (add the closing quote)"},
  }};
  for (const Row& row : rows) {
    CAPTURE(row.yaml);
    const auto problems = problems_of(row.yaml);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0] == row.problem);
  }
}

TEST_CASE("yaml: all problems of a readable file come at once") {
  const auto problems = problems_of("a: &x 1\nb: *x\na: !t 2\n");
  CHECK(problems.size() == 4);
}

TEST_CASE("yaml: what is meant is readable in spite of repeated names, anchors and tags") {
  const auto root = parse_yaml("a: &x 1\nb: !t 2\na: {c: 3}\nd: 4\n", "f.yaml");
  REQUIRE_FALSE(root);
  CHECK(root.error().diagnostics.size() == 3);
  REQUIRE(root.error().readable);
  CHECK(write_json(to_json(*root.error().readable)) == R"({"a":1,"b":2,"d":4})");
  for (const std::string_view unreadable : {"a: &x 1\nb: *x\n", "a: 1\n---\nb: 2\n", "? [a]\n: 1\n",
                                            "a: \"x\nb: 1\n", "a: b: c\n", "a: \xff\n"}) {
    CAPTURE(unreadable);
    CHECK_FALSE(parse_yaml(unreadable, "f.yaml").error().readable);
  }
}

TEST_CASE("yaml: depth and size have limits") {
  const auto nested = [](int levels) {
    return std::string(static_cast<std::size_t>(levels), '[') +
           std::string(static_cast<std::size_t>(levels), ']');
  };
  CHECK(parse_yaml(nested(64), "f").has_value());
  REQUIRE(problems_of(nested(65)).size() == 1);
  CHECK(problems_of(nested(65))[0] == "f.yaml:1:65: error: nested deeper than 64 levels");
  CHECK_FALSE(problems_of(nested(5000)).empty());
  CHECK_FALSE(problems_of(std::string(20'000, '[')).empty());
  const std::string large = "a: " + std::string(kYamlBytesMax, 'x');
  REQUIRE(problems_of(large).size() == 1);
  CHECK(problems_of(large)[0] ==
        "f.yaml: error: 1048579 bytes of YAML exceed the limit of 1048576 (move large texts into "
        "files of their own)");
}

TEST_CASE("yaml: the largest file on one line is read without counting it again and again") {
  std::string text = "[";
  while (text.size() < kYamlBytesMax - 4) {
    text += "ü,";
  }
  const auto root = parse_yaml(text + "z]", "f.yaml");
  REQUIRE(root);
  CHECK(root->items.size() == 349'525);
  CHECK(root->items.back().column == 2 * 349'524 + 2);
}

TEST_CASE("yaml: a place inside a scalar is found again in the file") {
  struct Row {
    std::string_view yaml;
    int line;
    int column;
    int file_line;
    int file_column;
  };
  constexpr std::array<Row, 6> kRows = {{
      {"k: |\n  one\n  two\n", 2, 3, 3, 5},
      {"k: |\n\n    one\n", 2, 1, 3, 5},
      {"k: \"text\"\n", 1, 3, 1, 7},
      {"k: text\n", 1, 3, 1, 6},
      {"k: >\n  one\n  two\n", 1, 6, 1, 4},
      {"k: 'a\n\n  b'\n", 2, 1, 1, 4},
  }};
  for (const Row& row : kRows) {
    CAPTURE(row.yaml);
    const auto root = parse_yaml(row.yaml, "f.yaml");
    REQUIRE(root);
    const SourceLocation where =
        locate_in_scalar(row.yaml, "f.yaml", *find(*root, "k"), row.line, row.column);
    CHECK(where == SourceLocation{"f.yaml", row.file_line, row.file_column});
  }
}
