#include "worker/debug/report.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>

#include "common/json.h"

namespace lc::worker {
namespace {

constexpr std::uint64_t kFile = 0xabc;

proto::RecordedReaction recorded_one() {
  proto::RecordedReaction recorded{
      .record = 12, .attempts = 1, .crew_file = kFile, .ready = {}, .outcome = {}};
  recorded.ready = {.stream = {"m1"},
                    .slice = {84},
                    .crew = {"vision"},
                    .attempt = {1},
                    .nonce = "recorded",
                    .epoch0 = {},
                    .deadline_ms = 800,
                    .lamport = {},
                    .ctx_rev = {3},
                    .ctx = {{"score", "1"}},
                    .events = {},
                    .needs = {},
                    .missing = {"stats@-1"}};
  for (std::int64_t seq = 1; seq <= 14; ++seq) {
    recorded.ready.events.push_back(
        {.seq = {seq}, .slice = {84}, .orig_slice = {}, .text = R"({"kind":"frame"})"});
  }
  recorded.outcome = {.record = 14, .outcome = proto::Outcome::ok};
  return recorded;
}

proto::Manifest manifest_one() {
  proto::Manifest manifest;
  manifest.crew = {"vision"};
  manifest.fingerprint = kFile;
  manifest.runner = {"./vision"};
  return manifest;
}

bool has(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

TEST_CASE("report: what is given is told with its bounds") {
  const proto::RecordedReaction recorded = recorded_one();
  const proto::Manifest manifest = manifest_one();
  const DebugFacts facts{
      .recorded = recorded, .manifest = manifest, .crew_file = "c/v.runtime.yaml"};
  const std::string text = given_text(facts);
  CHECK(text.starts_with("vision at slice 84, attempt 1 (record 12 of stream 'm1')\n"));
  CHECK(has(text, "11 frame, 12 frame and 2 more\n"));
  CHECK(has(text, "missing   stats@-1\n"));
  CHECK(has(text, "ctx       revision 3: score\n"));
  CHECK(has(text, "it had 800 ms\n"));
  CHECK(warnings(facts).empty());
}

TEST_CASE("report: another file, and another attempt than the last, are warned of") {
  proto::RecordedReaction recorded = recorded_one();
  recorded.attempts = 2;
  proto::Manifest manifest = manifest_one();
  manifest.fingerprint = kFile + 1;
  const DebugFacts facts{
      .recorded = recorded, .manifest = manifest, .crew_file = "c/v.runtime.yaml"};
  REQUIRE(warnings(facts).size() == 2);
  CHECK(warnings(facts)[0].starts_with("c/v.runtime.yaml: the crew's file is not the one"));
  CHECK(has(warnings(facts)[1], "2 attempts in this slice; this is attempt 1"));
}

TEST_CASE("report: same, different and not compared are three things") {
  proto::RecordedReaction recorded = recorded_one();
  const proto::Manifest manifest = manifest_one();
  const DebugFacts facts{
      .recorded = recorded, .manifest = manifest, .crew_file = "c/v.runtime.yaml"};
  DebugResult result{.now = {.status = proto::DoneStatus::ok}};
  const auto verdict = [&] {
    const auto json = parse_json(result_json(facts, result));
    REQUIRE(json);
    return *as_string(*find(*as_object(*json), "result"));
  };
  CHECK(is_same(facts, result));
  CHECK(verdict() == "same");
  CHECK(has(result_text(facts, result), "result    same\n"));

  for (int i = 0; i < 60; ++i) {
    result.differences.push_back({fmt::format("diff.set.k{}", i), "1", {}});
  }
  CHECK_FALSE(is_same(facts, result));
  CHECK(verdict() == "different");
  const std::string text = result_text(facts, result);
  CHECK(has(text, "different in 60 places\ndiff.set.k0\n  recorded  1\n  now       nothing\n"));
  CHECK(has(text, "and 10 more places (--json has all)\n"));
  CHECK(has(result_json(facts, result), R"({"at":"diff.set.k59","recorded":1})"));

  recorded.outcome.reset();
  result.differences.clear();
  CHECK_FALSE(is_same(facts, result));
  CHECK(verdict() == "not_compared");
  CHECK(has(result_text(facts, result), "the journal does not know how it ended\n"));
}

}  // namespace
}  // namespace lc::worker
