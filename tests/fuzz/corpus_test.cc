// Replays the corpus, and every example of proto/, through the entry functions of the fuzz targets:
// what was found once is not lost when nobody fuzzes.

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/targets.h"

namespace lc::fuzz {
namespace {

namespace fs = std::filesystem;

fs::path source_root() {
  const char* root = std::getenv("LC_SOURCE_ROOT");
  REQUIRE_MESSAGE(root != nullptr, "set LC_SOURCE_ROOT to the folder of the sources");
  return root;
}

std::vector<std::string> inputs_in(const fs::path& folder) {
  std::vector<std::string> inputs;
  if (fs::exists(folder)) {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file()) {
        std::ifstream file(entry.path(), std::ios::binary);
        inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
      }
    }
  }
  return inputs;
}

TEST_CASE("fuzz: the corpus of every target runs through its entry function") {
  for (const Target& target : targets()) {
    CAPTURE(target.name);
    const auto inputs = inputs_in(source_root() / "tests/fuzz/corpus" / target.name);
    CHECK_FALSE(inputs.empty());
    for (const std::string& input : inputs) {
      target.run(input);
    }
  }
}

TEST_CASE("fuzz: every example and many of its beginnings run through every entry function") {
  const auto inputs = inputs_in(source_root() / "proto/examples");
  CHECK_FALSE(inputs.empty());
  for (const std::string& input : inputs) {
    const std::size_t step = 1 + input.size() / 60;
    for (std::size_t size = 0; size <= input.size(); size += step) {
      for (const Target& target : targets()) {
        target.run(input.substr(0, size));
      }
    }
  }
}

}  // namespace
}  // namespace lc::fuzz
