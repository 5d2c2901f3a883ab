#include "worker/debug/options.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace lc::worker {
namespace {

Result<DebugOptions> parse(const std::vector<const char*>& words) {
  return parse_debug_options(words);
}

TEST_CASE("debug options: crew and slice are enough") {
  const auto options = parse({"--crew", "vision", "--slice", "-3"});
  REQUIRE(options);
  CHECK(*options == DebugOptions{.crew = {"vision"}, .slice = {-3}});
}

TEST_CASE("debug options: each has its place") {
  const auto options =
      parse({"--crew=vision", "--slice=84", "--attempt", "2", "-s", "m1", "--journal", "m.rec",
             "--nats=nats://h:1", "--patience", "2", "--crews", "c", "--pdb", "--live-model",
             "--llm-url=http://m/v1", "--json", "--config", "l.yaml"});
  REQUIRE(options);
  CHECK(*options == DebugOptions{.crew = {"vision"},
                                 .slice = {84},
                                 .attempt = Attempt{2},
                                 .stream = "m1",
                                 .journal = "m.rec",
                                 .nats = "nats://h:1",
                                 .patience = "2",
                                 .crews = "c",
                                 .config = "l.yaml",
                                 .llm_url = "http://m/v1",
                                 .debugger = DebugOptions::Debugger::pdb,
                                 .model = DebugOptions::Model::live,
                                 .output = DebugOptions::Output::json});
  CHECK(parse({"--crew", "c", "--slice", "1", "--gdb"})->debugger == DebugOptions::Debugger::gdb);
}

TEST_CASE("debug options: what is wrong is named") {
  struct Row {
    std::vector<const char*> words;
    std::string said;
  };
  const std::vector<Row> rows = {
      {{"--slice", "1"}, "--crew is missing"},
      {{"--crew", "c"}, "--slice is missing"},
      {{"--crew", "a.b", "--slice", "1"}, "a.b"},
      {{"--crew", "c", "--slice", "x"}, "option --slice is 'x'"},
      {{"--crew", "c", "--slice", "1e3"}, "option --slice is '1e3'"},
      {{"--crew", "c", "--slice", "99999999999999999999"}, "whole number"},
      {{"--crew", "c", "--slice", "1", "--attempt", "0"}, "option --attempt is '0'"},
      {{"--crew", "c", "--slice"}, "--slice needs a value"},
      {{"--crew", "c", "--slice", "1", "--slice", "2"}, "--slice is given twice"},
      {{"--crew", "c", "--slice", "1", "-s", "a", "--stream", "b"}, "--stream is given twice"},
      {{"--crew", "c", "--slice", "1", "--pbd"}, "did you mean '--pdb'"},
      {{"--crew", "c", "--slice", "1", "more"}, "unknown option 'more'"},
      {{"--crew", "c", "--slice", "1", "--json=1"}, "--json takes no value"},
      {{"--crew", "c", "--slice", "1", "--gdb", "--pdb"}, "exclude each other"},
      {{"--crew", "c", "--slice", "1", "--config", "x"}, "--config belongs to --live-model"},
      {{"--crew", "c", "--slice", "1", "--llm-url", "http://m"}, "belongs to --live-model"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.said);
    const auto options = parse(row.words);
    REQUIRE_FALSE(options);
    CHECK(options.error().code == ErrorCode::invalid_input);
    CHECK(options.error().message.find(row.said) != std::string::npos);
  }
}

}  // namespace
}  // namespace lc::worker
