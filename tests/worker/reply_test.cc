#include "worker/reply.h"

#include <doctest/doctest.h>

namespace lc::worker {
namespace {

proto::Ready some_ready() {
  return {.stream = {"s"},
          .slice = {7},
          .crew = {"c"},
          .attempt = {2},
          .nonce = "abc",
          .epoch0 = {},
          .deadline_ms = {},
          .lamport = {41},
          .ctx_rev = {},
          .ctx = {},
          .events = {},
          .needs = {},
          .missing = {}};
}

TEST_CASE("reply: a done repeats whose answer it is") {
  Answer answer;
  answer.actions.push_back({.kind = {"k"}, .payload = "1"});
  const proto::Done done = make_done(some_ready(), answer, 12);
  CHECK(done.nonce == "abc");
  CHECK(done.attempt == Attempt{2});
  CHECK(done.lamport == Lamport{42});
  CHECK(done.t_ms == 12);
  const auto read = proto::parse_done(write_bounded_done(done, 1'000));
  REQUIRE(read);
  CHECK(*read == done);
}

TEST_CASE("reply: a done over the limit becomes an error that says so") {
  Answer answer;
  answer.diff.set["key"] = '"' + std::string(5'000, 'x') + '"';
  const auto read =
      proto::parse_done(write_bounded_done(make_done(some_ready(), answer, 1), 4'096));
  REQUIRE(read);
  CHECK(read->status == proto::DoneStatus::error);
  CHECK(read->error.starts_with("protocol: the answer takes "));
  CHECK(read->nonce == "abc");
  CHECK(read->diff.empty());
}

TEST_CASE("reply: model calls never cost an answer that fits without them") {
  Answer answer;
  answer.diff.set["key"] = '"' + std::string(2'000, 'x') + '"';
  for (const char* text : {"one", "two", "three"}) {
    answer.model_calls.calls.push_back(
        {.request = std::string(proto::kRequestHashChars, 'a'),
         .answer = proto::ModelAnswer{.text = text + std::string(1'000, 'x')}});
  }
  const proto::Done done = make_done(some_ready(), answer, 1);
  const auto whole = proto::parse_done(write_bounded_done(done, 100'000));
  REQUIRE(whole);
  CHECK(*whole == done);
  const auto cut = proto::parse_done(write_bounded_done(done, 4'000));
  REQUIRE(cut);
  CHECK(cut->status == proto::DoneStatus::ok);
  CHECK(cut->diff == answer.diff);
  REQUIRE(cut->model_calls.calls.size() == 1);
  CHECK(cut->model_calls.calls[0].answer->text.starts_with("one"));
  CHECK(cut->model_calls.dropped == 2);
  const auto refused = proto::parse_done(write_bounded_done(done, 1'800));
  REQUIRE(refused);
  CHECK(refused->status == proto::DoneStatus::error);
  CHECK(refused->model_calls.calls.size() == 1);
  CHECK(refused->model_calls.dropped == 2);
}

TEST_CASE("reply: words of an error are cut between characters") {
  std::string words(kErrorBytesMax - 1, 'x');
  words += "\xC3\xA9 and more";
  CHECK(error_answer(words).error == std::string(kErrorBytesMax - 1, 'x') + "...");
  CHECK(error_answer("short").error == "short");
}

}  // namespace
}  // namespace lc::worker
