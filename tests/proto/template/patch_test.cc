#include "proto/template/patch.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "proto/template/json_bridge.h"

namespace lc::templates {
namespace {

using Document = nlohmann::ordered_json;

Result<proto::ContextDiff> applied(std::string_view text, const Document& variables,
                                   const Document& ctx) {
  LC_TRY(const Patch patch, Patch::compile(text, {.name = "p"}));
  return patch.apply(variables, ctx);
}

std::string shown(std::string_view text) {
  const auto variables = Document::parse(
      R"({"generated": "it's\n\"x\" \\", "outputs": [{"text": "GOAL"}], "slice": 83, "inf": 1})");
  const auto ctx = Document::parse(
      R"({"score": {"home": 1, "away": 0}, "line": "old", "list": [1, 2], "n": null})");
  const auto diff = applied(text, variables, ctx);
  if (!diff) {
    return "error " + diff.error().message;
  }
  std::string out;
  for (const auto& [key, value] : diff->set) {
    out += key + "=" + value + ";";
  }
  for (const std::string& key : diff->remove) {
    out += "-" + key + ";";
  }
  return out;
}

TEST_CASE("patch: lines set, change and delete keys of ctx") {
  struct Row {
    std::string_view text;
    std::string_view expected;
  };
  const Row rows[] = {
      {"ctx['last_line'] = outputs[0]['text']", "last_line=\"GOAL\";"},
      {"ctx['score']['home'] = 1\nctx['score']['away'] = 0", "score={\"away\":0,\"home\":1};"},
      {"ctx['a']['b']['c'] = 1", "a={\"b\":{\"c\":1}};"},
      {"ctx.score.home += 1", "score={\"away\":0,\"home\":2};"},
      {"ctx.score.home -= 1\nctx.score.home *= 5", "score={\"away\":0,\"home\":0};"},
      {"ctx.line += '!'", "line=\"old!\";"},
      {"ctx.list += [3]", "list=[1,2,3];"},
      {"ctx.list[-1] = {'b': 1, 'a': none}", "list=[1,{\"a\":null,\"b\":1}];"},
      {"del ctx['line']", "-line;"},
      {"del ctx.score['away']", "score={\"home\":1};"},
      {"del ctx.list[0]", "list=[2];"},
      {"del ctx.line\nctx.line = 2", "line=2;"},
      {"ctx.fresh = 1\ndel ctx.fresh", ""},
      {"ctx.a = 1\nctx.b = ctx.a + ctx.score.home", "a=1;b=2;"},
      {"# a comment\n\n  ctx.a = '#' # another 'one'\n", "a=\"#\";"},
      {"ctx.a = 1.0\nctx.b = 0.1 + 0.2\nctx.c = 1e16", "a=1.0;b=0.30000000000000004;c=1e+16;"},
      {"ctx.a = 1, 'x'", "a=[1,\"x\"];"},
      {"{% for i in [1, 2] %}\nctx['k{{ i }}'] = {{ i }} * 10\n{% endfor %}", "k1=10;k2=20;"},
      {"ctx.a = {{ generated }}", "a=\"it's\\n\\\"x\\\" \\\\\";"},
      {"ctx.a = 'x{{ generated }}y'", "a=\"xit's\\n\\\"x\\\" \\\\y\";"},
      {"ctx.a = \"{{ generated }}\"", "a=\"it's\\n\\\"x\\\" \\\\\";"},
      {"ctx.a = 1 # {{ generated }}", "a=1;"},
      {"ctx.a = {{ outputs }}[0].text", "a=\"GOAL\";"},
      {"ctx.a = 2 ** {{ 0 - 1 }}", "a=0.5;"},
      {"ctx[{{ outputs[0].text }}] = 1", "GOAL=1;"},
      {"ctx.a = {{ ctx.score.home }}\nctx.score.home = 9\nctx.b = {{ ctx.score.home }}",
       "a=1;b=1;score={\"away\":0,\"home\":9};"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(shown(row.text) == row.expected);
  }
}

TEST_CASE("patch: what a line cannot do is an error with its place and path") {
  struct Row {
    std::string_view text;
    std::string_view expected;
  };
  const Row rows[] = {
      {"ctx['line']['x'] = 1",
       "error p (rendered):1:12: cannot set or delete ctx['line']['x']: ctx['line'] is a string, "
       "not an object in the line: ctx['line']['x'] = 1"},
      {"ctx.n.x = 1",
       "error p (rendered):1:7: cannot set or delete ctx['n']['x']: ctx['n'] is "
       "none, not an object in the line: ctx.n.x = 1"},
      {"ctx.nope += 1",
       "error p (rendered):1:5: ctx['nope'] does not exist in the line: ctx.nope += 1"},
      {"del ctx.nope",
       "error p (rendered):1:9: ctx['nope'] does not exist in the line: del ctx.nope"},
      {"ctx.list[2] = 1",
       "error p (rendered):1:9: ctx['list'][2] does not exist: the list has 2 "
       "items in the line: ctx.list[2] = 1"},
      {"\nctx.a = x", "error p (rendered):2:9: 'x' is undefined in the line: ctx.a = x"},
      {"ctx.a = {{ x }}", "error p:1:12: 'x' is undefined"},
      {"ctx.a = 1e308 * 10",
       "error p (rendered):1:15: the number inf has no JSON form in the "
       "line: ctx.a = 1e308 * 10"},
      {"ctx.a = {{ 1e308 * 10 }}", "error p:1:18: the number inf has no JSON form"},
      {"ctx.a = '\\{{ slice }}'", "error p:1:14: a backslash stands before '{{': write '\\\\'"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(shown(row.text) == row.expected);
  }
  for (const std::string_view text : {"ctx = {}",
                                      "del ctx",
                                      "x['a'] = 1",
                                      "slice = 1",
                                      "ctx.a == 1",
                                      "ctx.a",
                                      "ctx.a = ",
                                      "ctx.a = 1; ctx.b = 2",
                                      "ctx.a = 'open",
                                      "ctx.get('a') = 1",
                                      "ctx['a':'b'] = 1",
                                      "hello",
                                      "ctx.{{ generated }} = 1",
                                      "{{ generated }} = 1",
                                      "{{ generated }}",
                                      "ctx[1] = 2",
                                      "ctx[1.5] = 2",
                                      "del ctx.a = 1",
                                      "ctx.a = 1 2",
                                      "ctx.a =+= 1"}) {
    CAPTURE(text);
    CHECK(shown(text).starts_with("error p"));
  }
}

// Texts made of what could break out of a literal, beside any other text.
rc::Gen<std::string> hostile_text() {
  const auto piece = rc::gen::element<std::string>(
      "'", "\"", "\\", "\n", "\r", "#", "ctx['admin'] = true", "\nctx['admin'] = true #", "{{",
      "}}", "{%", "%}", "del ctx['line']", "]", ")", "(", " = ", "\\'", "\\x27", "\t", "\u2028",
      "\u00e9", std::string(1, '\0'), "~", "|upper", ";", "\\n", "\x85", "1", " ");
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(piece),
                      [](const std::vector<std::string>& pieces) {
                        std::string text;
                        for (const std::string& each : pieces) {
                          text += each == "\x85" ? "\u0085" : each;
                        }
                        return text;
                      });
}

TEST_CASE("patch: no generated text changes what is assigned, wherever it stands") {
  struct Row {
    std::string_view text;
    std::set<std::string> keys;
    std::string_view prefix;  // around the text in ctx['a']
    std::string_view suffix;
  };
  const Row rows[] = {
      {"ctx['a'] = generated", {"a"}, "", ""},
      {"ctx['a'] = {{ generated }}", {"a"}, "", ""},
      {"ctx['a'] = '{{ generated }}'", {"a"}, "", ""},
      {"ctx['a'] = \"{{ generated }}\"", {"a"}, "", ""},
      {"ctx['a'] = 'x{{ generated }}y'\nctx['b'] = 1", {"a", "b"}, "x", "y"},
      {"ctx['a'] = \"\\\\{{ generated }}\\\"\"", {"a"}, "\\", "\""},
      {"ctx['a'] = 'it\\'s {{ generated }}' ~ '#' # {{ generated }}", {"a"}, "it's ", "#"},
      {"# {{ generated }}\nctx['a'] = '<' ~ {{ generated }} ~ '>'", {"a"}, "<", ">"},
      {"ctx['a'] = {'k': [{{ generated }}]}.k[0]", {"a"}, "", ""},
      {"ctx['a'] = {{ [generated] }}[0]", {"a"}, "", ""},
      {"ctx['a'] = {{ {'k': generated} }}['k']", {"a"}, "", ""},
      {"{% for g in [generated] %}ctx['a'] = '{{ g }}'\n{% endfor %}", {"a"}, "", ""},
      {"{% set g = generated ~ '' %}ctx['a'] = {{ g }}", {"a"}, "", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto patch = Patch::compile(row.text);
    REQUIRE(patch);
    CHECK(rc::check([&row, &patch] {
      const std::string text = *hostile_text();
      const Document variables = {{"generated", text}};
      const auto diff = patch->apply(variables, Document::object());
      RC_ASSERT(diff.has_value());
      std::set<std::string> keys;
      for (const auto& [key, value] : diff->set) {
        keys.insert(key);
      }
      RC_ASSERT(keys == row.keys);
      RC_ASSERT(diff->remove.empty());
      const auto a = parse_document(diff->set.at("a"));
      RC_ASSERT(a.has_value());
      RC_ASSERT(*a == Document(std::string(row.prefix) + text + std::string(row.suffix)));
    }));
  }
}

TEST_CASE("patch: a text as a key is that key and nothing else") {
  for (const std::string_view text : {"ctx['{{ generated }}'] = 1", "ctx[{{ generated }}] = 1"}) {
    const auto patch = Patch::compile(text);
    REQUIRE(patch);
    CHECK(rc::check([&patch] {
      const std::string key = *hostile_text();
      const auto diff = patch->apply({{"generated", key}}, Document::object());
      RC_ASSERT(diff.has_value());
      RC_ASSERT(diff->set == (std::map<std::string, std::string>{{key, "1"}}));
    }));
  }
}

TEST_CASE("patch: text where only code may stand is an error, never code") {
  for (const std::string_view text :
       {"{{ generated }}", "ctx.{{ generated }} = 1", "ctx['a'] = 1 {{ generated }}",
        "{{ generated }} ctx['a'] = 1", "ctx['a'] {{ generated }} 1", "del {{ generated }}"}) {
    const auto patch = Patch::compile(text);
    REQUIRE(patch);
    CHECK(rc::check([&patch] {
      RC_ASSERT(!patch->apply({{"generated", *hostile_text()}}, Document::object()).has_value());
    }));
  }
}

TEST_CASE("patch: any JSON value that is inserted comes back equal") {
  const auto variables = Document::parse(
      R"({"v": [null, true, -9223372036854775808, 9223372036854775807, -0.5, 1e300, "\"'\\\n",
         {"": [], "k'": {"x": [1, [2]]}}]})");
  const auto diff = applied("ctx['a'] = {{ v }}", variables, Document::object());
  REQUIRE(diff);
  CHECK(parse_document(diff->set.at("a")) == variables["v"]);
}

}  // namespace
}  // namespace lc::templates
