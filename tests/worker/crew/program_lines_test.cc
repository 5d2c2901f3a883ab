#include "worker/crew/program_lines.h"

#include <doctest/doctest.h>

#include <array>

namespace lc::worker {
namespace {

TEST_CASE("program lines: a request holds everything but the nonce") {
  proto::Ready ready{.stream = {"s"},
                     .slice = {83},
                     .crew = {"c"},
                     .attempt = {2},
                     .nonce = "secret",
                     .epoch0 = {1'537'728'168'500'000},
                     .deadline_ms = {},
                     .lamport = {},
                     .ctx_rev = {7},
                     .ctx = {{"a", "{\"b\":1}"}},
                     .events = {{.seq = {5}, .slice = {83}, .orig_slice = {}, .text = "{\"x\":1}"},
                                {.seq = {6}, .slice = {83}, .orig_slice = {{80}}, .text = "{}"}},
                     .needs = {{"vision", {.slice = {82}, .actions = {{{"k"}, "2", 9}}}}},
                     .missing = {"m@-1"}};
  CHECK(write_program_request(ready) ==
        R"({"v":1,"stream":"s","slice":83,"crew":"c","attempt":2,)"
        R"("epoch0":"2018-09-23T18:42:48.500Z","slice_ms":500,"deadline_ms":null,)"
        R"("ctx":{"a":{"b":1}},"ctx_rev":7,"events":[{"seq":5,"slice":83,"event":{"x":1}},)"
        R"({"seq":6,"slice":83,"orig_slice":80,"event":{}}],)"
        R"("needs":{"vision":{"slice":82,"actions":[{"kind":"k","payload":2,"ttl_ms":9}]}},)"
        R"("missing":["m@-1"]})");
}

TEST_CASE("program lines: an answer is read and made canonical") {
  const auto line = parse_program_line(
      R"({"actions":[{"kind":"k","payload":{"b":1,"a":2}},{"kind":"l","payload":null,"ttl_ms":9}],)"
      R"("diff":{"set":{"x":{"d":1,"c":2}},"delete":["z","y"]},"usage":{"n":1}})");
  REQUIRE(line);
  const Answer expected{.diff = {.set = {{"x", "{\"c\":2,\"d\":1}"}}, .remove = {"y", "z"}},
                        .actions = {{{"k"}, "{\"a\":2,\"b\":1}", 5'000}, {{"l"}, "null", 9}},
                        .usage = "{\"n\":1}",
                        .error = {}};
  CHECK(std::get<Answer>(*line) == expected);
  CHECK(std::get<Answer>(*parse_program_line("{}")) == Answer{});
  CHECK(std::get<Answer>(*parse_program_line(R"({"error":"words"})")) == error_answer("words"));
}

TEST_CASE("program lines: notes on the way") {
  CHECK(std::get<ProgramLog>(*parse_program_line(R"({"log":{"level":"warn","msg":"w"}})")).level ==
        "warn");
  CHECK(std::get<ProgramLog>(*parse_program_line(R"({"log":{"msg":"w"}})")).message == "w");
  CHECK(std::get<ProgramProgress>(*parse_program_line(R"({"progress":[1]})")).json == "[1]");
  CHECK(std::holds_alternative<ProgramReady>(*parse_program_line(R"({"ready":true})")));
  CHECK(std::get<ProgramFailed>(*parse_program_line(R"({"failed":"f"})")).message == "f");
}

TEST_CASE("program lines: what breaks the contract is named") {
  struct Row {
    const char* line;
    const char* words;
  };
  const std::array<Row, 16> rows = {{
      {"goal!", "not a JSON line"},
      {"", "not a JSON line"},
      {"[]", "array, not an object"},
      {R"({"action":[]})", "unknown key 'action' (did you mean 'actions'?)"},
      {R"({"actions":{}})", "actions is object"},
      {R"({"actions":[1]})", "actions[0] is number"},
      {R"({"actions":[{"payload":1}]})", "actions[0].kind is missing"},
      {R"({"actions":[{"kind":"__hb","payload":1}]})", "actions[0].kind"},
      {R"({"actions":[{"kind":"k"}]})", "actions[0].payload is missing"},
      {R"({"actions":[{"kind":"k","payload":1,"ttl_ms":0}]})", "ttl_ms is 0"},
      {R"({"actions":[{"kind":"k","payload":1,"ttl":5}]})", "unknown key 'ttl'"},
      {R"({"diff":[]})", "diff is array"},
      {R"({"diff":{"sets":{}}})", "did you mean 'set'"},
      {R"({"usage":1})", "usage is number"},
      {R"({"error":7})", "error is number"},
      {R"({"ready":true,"actions":[]})", "unknown key 'ready'"},
  }};
  for (const Row& row : rows) {
    CAPTURE(row.line);
    const auto line = parse_program_line(row.line);
    REQUIRE_FALSE(line);
    CAPTURE(line.error().message);
    CHECK(line.error().message.find(row.words) != std::string::npos);
  }
}

TEST_CASE("program lines: a thousand actions are the limit") {
  std::string line = R"({"actions":[)";
  for (std::size_t i = 0; i <= proto::kActionsPerDoneMax; ++i) {
    line += std::string(i == 0 ? "" : ",") + R"({"kind":"k","payload":1})";
  }
  CHECK(parse_program_line(line + "]}").error().message.find("1001 actions") == 0);
}

}  // namespace
}  // namespace lc::worker
