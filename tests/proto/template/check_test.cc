#include "proto/template/check.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "proto/template/template.h"

namespace lc::templates {
namespace {

// `2:9 error: words (hint)`
std::vector<std::string> lines_of(const std::vector<TemplateProblem>& problems) {
  std::vector<std::string> lines;
  for (const TemplateProblem& problem : problems) {
    lines.push_back(std::to_string(problem.line) + ":" + std::to_string(problem.column) +
                    (problem.severity == Severity::error ? " error: " : " warning: ") +
                    problem.message + " (" + problem.hint + ")");
  }
  return lines;
}

TEST_CASE("check: a template that is right has no problems") {
  CHECK(check_template("", TemplateUse::prompt).empty());
  CHECK(check_template("{{ ctx.score }} {{ slice }}", TemplateUse::prompt).empty());
  CHECK(check_template("{{ generated }}", TemplateUse::output).empty());
  CHECK(check_template("ctx['a'] = {{ outputs[0].text }}", TemplateUse::patch).empty());
}

TEST_CASE("check: what cannot be compiled is an error with its place") {
  CHECK(lines_of(check_template("one\n  {{ a. }}", TemplateUse::output)) ==
        std::vector<std::string>{"2:9 error: unexpected '}}', expected a name or number ()"});
}

TEST_CASE("check: what has no place of its own is at the start") {
  const std::string large(kTemplateBytesMax + 1, 'x');
  for (const std::string& text : {std::string("\xff"), large}) {
    const auto problems = check_template(text, TemplateUse::patch);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].line == 1);
    CHECK(problems[0].column == 1);
  }
}

TEST_CASE("check: a name without a value is a warning where it is read first, with a suggestion") {
  CHECK(
      lines_of(check_template("\n{{ evnts }}\n{{ evnts }} {{ ctx }}", TemplateUse::prompt)) ==
      std::vector<std::string>{"2:4 warning: 'evnts' has no value here (did you mean 'events'?)"});
  CHECK(
      lines_of(check_template("{{ abracadabra }}", TemplateUse::prompt)) ==
      std::vector<std::string>{"1:4 warning: 'abracadabra' has no value here (there are crew, ctx, "
                               "epoch0, event, events, missing, needs, slice, stream)"});
}

TEST_CASE("check: each use has its variables") {
  const auto problems = [](std::string_view text, TemplateUse use) {
    return check_template(text, use).size();
  };
  CHECK(problems("{{ generated }}", TemplateUse::prompt) == 1);
  CHECK(problems("{{ outputs }}", TemplateUse::prompt) == 1);
  CHECK(problems("{{ outputs }}", TemplateUse::output) == 1);
  CHECK(problems("{{ generated }}{{ outputs }}", TemplateUse::patch) == 0);
}

TEST_CASE("check: what a template sets itself has a value") {
  CHECK(check_template(
            "{% set a = 1 %}{{ a }}{% for b in events %}{{ b }}{{ loop.index }}{% endfor %}",
            TemplateUse::prompt)
            .empty());
  CHECK(check_template("{% for b in events %}{% endfor %}{{ b }}", TemplateUse::prompt).size() ==
        1);
}

TEST_CASE("check: lines of a patch that are written out are judged where they stand") {
  CHECK(lines_of(check_template("ctx.a = 1\nimport os\nctx['z'] = foo\n", TemplateUse::patch)) ==
        std::vector<std::string>{
            "2:1 error: a line must set or delete a part of ctx: ctx['key'] = value ()",
            "3:12 warning: 'foo' has no value here (there are crew, ctx, epoch0, event, events, "
            "generated, missing, needs, outputs, slice, stream)"});
  CHECK(lines_of(check_template("{% if slice %}\nctx.a =\n{% endif %}\nctx.b = {{ slice }} +\n",
                                TemplateUse::patch)) ==
        std::vector<std::string>{"2:8 error: unexpected end, expected an expression ()"});
  CHECK(check_template("import os", TemplateUse::output).empty());
  CHECK(check_template("ctx.a += outputs[0].n  # a comment\n\ndel ctx['b']\n", TemplateUse::patch)
            .empty());
  CHECK(check_template("{% for e in events %}ctx['{{ e.kind }}'] = 1\n{% endfor %}",
                       TemplateUse::patch)
            .empty());
}

}  // namespace
}  // namespace lc::templates
