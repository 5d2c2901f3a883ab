#include "worker/debug/gdb.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace lc::worker {
namespace {

TEST_CASE("gdb: a program's words are quoted for the shell that gdb starts it with") {
  const std::vector<std::string> words = gdb_words(
      "/usr/bin/gdb", "/c/crew", {"./crew", "it's", "$HOME", "a b"}, "/t/request", "/t/answer");
  CHECK(words == std::vector<std::string>{
                     "/usr/bin/gdb", "-q", "-ex",
                     R"(set args 'it'\''s' '$HOME' 'a b' <'/t/request' >'/t/answer')", "/c/crew"});
}

TEST_CASE("gdb: the first answer among a program's lines counts") {
  const Answer answer = answer_of_lines(
      "{\"ready\":true}\n{\"log\":{\"level\":\"info\",\"msg\":\"x\"}}\n{\"progress\":1}\n"
      "{\"diff\":{\"set\":{\"a\":1}}}\n{\"error\":\"later\"}\n");
  CHECK(answer.status == proto::DoneStatus::ok);
  CHECK(answer.diff.set.at("a") == "1");
}

TEST_CASE("gdb: lines that are no answer are an error with words") {
  struct Row {
    std::string lines;
    std::string error;
  };
  const std::vector<Row> rows = {
      {"", "the program gave no answer under gdb"},
      {"{\"ready\":true}\n", "the program gave no answer under gdb"},
      {"{\"failed\":\"no file\"}\n", "no file"},
      {"{\"error\":\"no goals\"}", "no goals"},
      {"hello\n", "protocol: the program wrote "},
  };
  for (const Row& row : rows) {
    CAPTURE(row.lines);
    const Answer answer = answer_of_lines(row.lines);
    CHECK(answer.status == proto::DoneStatus::error);
    CHECK(answer.error.starts_with(row.error));
  }
}

TEST_CASE("gdb: what can be debugged is a compiled program that is there") {
  const Environment environment = {{"PATH", "/usr/bin:/bin"}};
  CHECK(debuggable_program({"sh"}, "/tmp", environment)->ends_with("/sh"));
  CHECK(debuggable_program({"/bin/sh"}, "/tmp", environment) == "/bin/sh");
  CHECK(debuggable_program({"./no-such"}, "/tmp", environment).error().code ==
        ErrorCode::not_found);
  CHECK(debuggable_program({"no-such-program"}, "/tmp", environment).error().code ==
        ErrorCode::not_found);
  const auto script = debuggable_program({"ldd"}, "/tmp", environment);
  REQUIRE_FALSE(script);
  CHECK(script.error().message.find("'ldd' is a script") != std::string::npos);
}

TEST_CASE("gdb: one that is not there is told with how to get it") {
  const auto gdb = find_gdb({{"PATH", "/nowhere"}});
  REQUIRE_FALSE(gdb);
  CHECK(gdb.error().message.find("apt-get install gdb") != std::string::npos);
}

}  // namespace
}  // namespace lc::worker
