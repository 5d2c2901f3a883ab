#include "supervisor/rerun/reactions.h"

#include <doctest/doctest.h>

using namespace lc;
using namespace lc::engine;
using namespace lc::rerun;

namespace {

const Sha256 kRun = sha256("a run");

RunLines lines_of(std::string_view text) {
  auto lines = parse_lines(text, "golden.jsonl");
  REQUIRE_MESSAGE(lines, (lines ? "" : lines.error().message));
  return std::move(*lines);
}

std::string refusal(std::string_view text) {
  const auto lines = parse_lines(text, "golden.jsonl");
  REQUIRE(!lines);
  CHECK(lines.error().code == ErrorCode::corrupt);
  return lines.error().message;
}

RunLines logged() {
  ReactionLog log;
  const CrewId a{"a"};
  const CrewId b{"b"};
  const ReactionDone done{
      .crew = a,
      .slice = {4},
      .attempt = {1},
      .diff = {.set = {{"k", "1"}}, .remove = {"old"}},
      .actions = {{.kind = {"said"}, .payload = R"({"z":1,"a":[true]})", .ttl_ms = 10}}};
  const ReactionFailed failed{.crew = b,
                              .slice = {-2},
                              .attempt = {2},
                              .outcome = proto::Outcome::timeout,
                              .detail = "too \"late\""};
  log.step(done, {});
  log.step(failed, {ReactionEnded{b, {-2}, {2}, proto::Outcome::timeout},
                    ReactionEnded{a, {4}, {1}, proto::Outcome::ok}});
  log.end({{"k", "1"}}, kRun);
  return log.take();
}

constexpr std::string_view kA = R"({"slice":4,"crew":"a","status":"ok","diff":{"set":{"k":1},)"
                                R"("delete":["old"]},"actions":[{"kind":"said",)"
                                R"("payload":{"a":[true],"z":1},"ttl_ms":10}]})";
constexpr std::string_view kB =
    R"({"slice":-2,"crew":"b","status":"timeout","error":"too \"late\""})";

}  // namespace

TEST_CASE("reactions: a line each in the order in which they ended, and the end") {
  const std::string text = write_lines(logged());
  CHECK(text == std::string(kB) + "\n" + std::string(kA) + "\n" +
                    R"({"end":{"reactions":2,"context":{"k":1},"run":")" + to_hex(kRun) + "\"}}\n");
  CHECK(lines_of(text) == logged());
}

TEST_CASE("reactions: a golden file has no digest, and nobody compares it then") {
  const std::string text = write_lines(logged(), WithRun::no);
  CHECK(text.find("run") == std::string::npos);
  CHECK(compare(lines_of(text), logged()).empty());
}

TEST_CASE("reactions: what a person wrote reads as what a run writes") {
  const RunLines by_hand = lines_of(
      "\n{\"crew\": \"b\", \"error\": \"too \\\"late\\\"\", \"status\":\"timeout\", "
      "\"slice\":-2}\r\n"
      "{\"status\":\"ok\",\"crew\":\"a\",\"slice\":4,\"actions\":[{\"payload\":{\"z\":1,\"a\":"
      "[true]},\"ttl_ms\":10,\"kind\":\"said\"}],\"diff\":{\"delete\":[\"old\"],\"set\":{\"k\":1}}}"
      "\n{\"end\": {\"context\": {\"k\": 1}, \"reactions\": 2}}");
  CHECK(compare(by_hand, logged()).empty());
  const RunLines bare = lines_of(
      "{\"slice\":1,\"crew\":\"a\",\"status\":\"ok\"}\n"
      "{\"end\":{\"reactions\":1,\"context\":{}}}\n");
  CHECK(bare.reactions.front().text ==
        R"({"slice":1,"crew":"a","status":"ok","diff":{"set":{},"delete":[]},"actions":[]})");
}

TEST_CASE("reactions: every wrong line is named with its place") {
  const std::string end = "{\"end\":{\"reactions\":0,\"context\":{}}}\n";
  CHECK(refusal("") == "golden.jsonl:1: the last line, {\"end\":{...}}, is missing: it was cut");
  CHECK(refusal("[]\n" + end).starts_with("golden.jsonl:1: "));
  CHECK(refusal(end + "\n" + end) == "golden.jsonl:3: something follows the last line");
  const std::string two = refusal("{\"crew\":\"a\",\"status\":\"ok\"}\n\n{\"slice\":1}\n" + end);
  CHECK(two.find("golden.jsonl:1: reaction: field 'slice' is missing") == 0);
  CHECK(two.find("\ngolden.jsonl:3: reaction: field 'crew' is missing") != std::string::npos);
  CHECK(refusal("{\"end\":{\"reactions\":2,\"context\":{}}}")
            .find("counts 2 lines, but there are 0") != std::string::npos);
  CHECK(refusal("{\"slice\":1,\"crew\":\"a\",\"status\":\"fine\",\"error\":\"\"}\n" + end)
            .find("field 'status' is the unknown word 'fine'") != std::string::npos);
  std::string many;
  for (int i = 0; i < 25; ++i) {
    many += "?\n";
  }
  CHECK(refusal(many + end).ends_with("golden.jsonl: and 5 more lines"));
}

TEST_CASE("reactions: the k-th of a crew in a slice is compared with the k-th") {
  const auto run = [](const std::vector<std::pair<int, std::string>>& reactions) {
    RunLines lines{.context = "{}"};
    for (const auto& [slice, text] : reactions) {
      lines.reactions.push_back({{slice}, {"a"}, text});
    }
    return lines;
  };
  CHECK(compare(run({{1, "x"}, {1, "y"}}), run({{1, "x"}, {1, "y"}})).empty());
  CHECK(compare(run({{1, "x"}, {1, "y"}, {3, "z"}}), run({{0, "v"}, {1, "x"}, {1, "w"}})) ==
        std::vector<Difference>{{SliceIndex{0}, "a", "", "v"},
                                {SliceIndex{1}, "a", "y", "w"},
                                {SliceIndex{3}, "a", "z", ""}});
}

TEST_CASE("reactions: the context counts, and the digest when nothing else differs") {
  RunLines before = logged();
  RunLines now = logged();
  now.run = to_hex(sha256("another run"));
  auto differences = compare(before, now);
  REQUIRE(differences.size() == 1);
  CHECK(differences.front().what == "run");
  now.context = R"({"k":2})";
  differences = compare(before, now);
  REQUIRE(differences.size() == 1);
  CHECK(differences.front() == Difference{{}, "context", R"({"k":1})", R"({"k":2})"});
}

TEST_CASE("reactions: both sides of a difference are told") {
  CHECK(differences_text({{SliceIndex{3}, "a", "was", "is"},
                          {SliceIndex{4}, "a", "", "is"},
                          {SliceIndex{5}, "a", "was", ""},
                          {{}, "context", "{}", "{\"k\":1}"}},
                         "  ") ==
        "  slice 3 a: differs\n  - was\n  + is\n  slice 4 a: only now\n  + is\n"
        "  slice 5 a: only before\n  - was\n  context: differs\n  - {}\n  + {\"k\":1}\n");
}
