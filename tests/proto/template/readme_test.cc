#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "proto/template/patch.h"
#include "proto/template/template.h"

namespace lc::templates {
namespace {

std::string readme() {
  const char* root = std::getenv("LC_SOURCE_ROOT");
  REQUIRE_MESSAGE(root != nullptr, "LC_SOURCE_ROOT names the repository");
  std::stringstream text;
  text << std::ifstream(std::string(root) + "/worker/crew/README.md").rdbuf();
  return text.str();
}

// The first fenced block of that language behind the heading.
std::string block(const std::string& language) {
  const std::string text = readme();
  const auto heading = text.find("\n## Templates\n");
  REQUIRE(heading != std::string::npos);
  const std::string fence = "```" + language + "\n";
  const auto begin = text.find(fence, heading);
  REQUIRE(begin != std::string::npos);
  const auto start = begin + fence.size();
  return text.substr(start, text.find("```", start) - start);
}

struct Example {
  std::string source;
  std::string result;
};

std::vector<Example> examples(const std::string& language) {
  std::vector<Example> found;
  std::istringstream lines(block(language));
  for (std::string line; std::getline(lines, line);) {
    const auto arrow = line.rfind(" => ");
    REQUIRE_MESSAGE(arrow != std::string::npos, line);
    found.push_back({line.substr(0, arrow), line.substr(arrow + 4)});
  }
  return found;
}

TEST_CASE("readme: every template gives what stands behind it") {
  const auto variables = nlohmann::ordered_json::parse(block("json"));
  const auto all = examples("jinja");
  CHECK(all.size() >= 9);
  for (const Example& example : all) {
    CAPTURE(example.source);
    const auto compiled = Template::compile(example.source);
    REQUIRE(compiled);
    auto text = compiled->render(variables);
    REQUIRE(text);
    text->erase(text->find_last_not_of(' ') + 1);  // Markdown would lose the spaces at the end
    CHECK(*text == example.result);
  }
}

TEST_CASE("readme: every patch changes what stands behind it") {
  const auto variables = nlohmann::ordered_json::parse(block("json"));
  const auto all = examples("patch");
  CHECK(all.size() >= 6);
  for (const Example& example : all) {
    CAPTURE(example.source);
    const auto patch = Patch::compile(example.source);
    REQUIRE(patch);
    const auto diff = patch->apply(variables, variables["ctx"]);
    REQUIRE(diff);
    std::string shown;
    for (const auto& [key, value] : diff->set) {
      shown += "set " + key + "=" + value;
    }
    for (const std::string& key : diff->remove) {
      shown += "delete " + key;
    }
    CHECK(shown == example.result);
  }
}

}  // namespace
}  // namespace lc::templates
