#include "proto/template/template.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>

namespace lc::templates {
namespace {

using Document = nlohmann::ordered_json;

std::string rendered(std::string_view text, const Document& variables = Document::object(),
                     RenderLimits limits = {}) {
  const auto compiled = Template::compile(text, {.name = "t"});
  if (!compiled) {
    return "error " + compiled.error().message;
  }
  const auto out = compiled->render(variables, limits);
  return out ? *out : "error " + out.error().message;
}

TEST_CASE("template: the specification's user_template renders the score") {
  const auto variables =
      Document::parse(R"({"ctx": {"score": {"home": 2, "away": 1}}, "slice": 83})");
  CHECK(rendered("{{ ctx['score']['home'] }}\u2011{{ ctx['score']['away'] }} at {{ slice }}",
                 variables) == "2\u20111 at 83");
}

TEST_CASE("template: what is wrong is named with its line and column") {
  struct Row {
    std::string_view text;
    std::string_view error;
  };
  const Row rows[] = {
      {"a\n{{ x }}", "error t:2:4: 'x' is undefined"},
      {"{{ ctx.score.home }}", "error t:1:8: 'ctx.score' is undefined"},
      {"{{ ctx['a'] ~ 1 }}", "error t:1:7: 'ctx['a']' is undefined"},
      {"{% macro m() %}", "error t:1:4: 'macro' is not supported; see worker/crew/README.md"},
      {"{{ 'a'|pprint }}",
       "error t:1:8: the filter 'pprint' is not supported; see "
       "worker/crew/README.md"},
      {"\u00e9{{ 1 +", "error t:1:2: the tag is not closed: '}}' is missing"},
      {"{% if 1 %}\n", "error t:1:4: 'if' is not closed: '{% endif %}' is missing"},
      {"{{ ctx.items }}",
       "error t:1:8: 'items' is a method of a mapping: for the key write "
       "['items']"},
      {"{{ 1 / 0 }}", "error t:1:6: division by zero"},
      {"{{ 9223372036854775807 + 1 }}", "error t:1:24: the whole number is beyond 64 bits"},
      {"{{ 'a'|round }}", "error t:1:8: 'round': needs a number, not a value of type string"},
      {"{{ 'a'.format() }}",
       "error t:1:8: the method '.format()' is not supported; see "
       "worker/crew/README.md"},
  };
  for (const Row& row : rows) {
    CHECK(rendered(row.text, Document::parse(R"({"ctx": {}})")) == row.error);
  }
}

TEST_CASE("template: a limit that is reached is an error that names it") {
  CHECK(rendered("{% for a in range(1000) %}{% for b in range(1000) %}x{% endfor %}{% endfor %}")
            .find("takes more than 1000000 steps") != std::string::npos);
  CHECK(rendered("{{ 'x' * 300000 }}").find("renders more than 262144 bytes") != std::string::npos);
  CHECK(rendered("{{ 'x' * 9000000000000000000 }}").find("takes more than") != std::string::npos);
  CHECK(rendered("{{ range(9223372036854775807) }}").find("takes more than") != std::string::npos);
  CHECK(rendered("xxxx", Document::object(), {.bytes_max = 3}) ==
        "error t:1:1: renders more than 3 bytes");
  CHECK(rendered("{{ " + std::string(5000, '(') + std::string(5000, ')') + "}}")
            .find("nested more than") != std::string::npos);
  CHECK(rendered("{{ " + std::string(5000, '[') + std::string(5000, ']') + "}}")
            .find("nested more than 100 deep") != std::string::npos);
  std::string sum = "{{ 1";
  for (int i = 0; i < 5000; ++i) {
    sum += " + 1";
  }
  CHECK(rendered(sum + " }}").find("nested more than 100 deep") != std::string::npos);
  CHECK(rendered(std::string(kTemplateBytesMax + 1, 'x')).find("bytes, more than 65536") !=
        std::string::npos);
  std::string nested = "{% set x = [] %}";
  for (int i = 0; i < 200; ++i) {
    nested += "{% set x = [x] %}";
  }
  CHECK(rendered(nested + "{{ x }}").find("nested more than 100 deep") != std::string::npos);
}

TEST_CASE("template: text that is not UTF-8 is refused") {
  CHECK(rendered("\xff") == "error t: is not UTF-8");
}

TEST_CASE("template: variables that are not an object are refused") {
  CHECK(rendered("x", Document::array()) == "error t: the variables are not an object");
}

TEST_CASE("template: one program renders many times and forgets what it set") {
  const auto compiled = Template::compile("{{ x is defined }}{% set x = 1 %}{{ x }}");
  REQUIRE(compiled);
  CHECK(compiled->render(Document::object()) == "False1");
  CHECK(compiled->render(Document::object()) == "False1");
}

// Pieces of templates in any order: what compiles must render or fail, within the limits.
TEST_CASE("template: random pieces never crash and never pass a limit") {
  constexpr std::string_view kPieces[] = {"{{",     "}}",      "{%",       "%}",
                                          "{#",     "#}",      "-",        "if ",
                                          "endif",  "for ",    "in ",      "endfor",
                                          "set ",   "x",       "=",        "ctx",
                                          ".",      "[",       "]",        "(",
                                          ")",      "{",       "}",        "'a'",
                                          "\"",     "'",       "|",        "join",
                                          "sort",   "map",     "1",        "0",
                                          "2.5",    "**",      "*",        "9e99",
                                          "999999", "~",       "range",    "not ",
                                          "raw ",   "endraw ", "else ",    "elif ",
                                          ":",      ",",       "is ",      "\n",
                                          " ",      "\\",      "\xc3\xa9", "\xf0\x9f\x98\x80",
                                          "none",   "true ",   ".items()", "[::-1]",
                                          "|list",  "+"};
  const auto variables =
      Document::parse(R"({"x": [1, "a", {"k": [null]}], "ctx": {"a": "\u00e9"}})");
  const unsigned seed = 7;
  INFO("seed " << seed);
  std::mt19937 dice(seed);
  for (int round = 0; round < 20'000; ++round) {
    std::string text = round % 3 == 0 ? "{{ " : round % 3 == 1 ? "{% for x in x %}{{ " : "";
    for (auto count = dice() % 12; count > 0; --count) {
      text += kPieces[dice() % std::size(kPieces)];
    }
    text += round % 3 == 0 ? " }}" : round % 3 == 1 ? " }}{% endfor %}" : "";
    const auto compiled = Template::compile(text);
    if (compiled) {
      const auto out = compiled->render(variables, {.bytes_max = 1'000, .steps_max = 10'000});
      CHECK((!out || out->size() <= 1'000));
      CHECK((out || !out.error().message.empty()));
    }
  }
}

}  // namespace
}  // namespace lc::templates
