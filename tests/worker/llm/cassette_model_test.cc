#include "worker/llm/cassette_model.h"

#include <doctest/doctest.h>

#include "worker/llm/request_hash.h"

namespace lc::worker {
namespace {

const ChatRequest kAsked = {.user = "who scored?"};
const ChatRequest kOther = {.user = "what time is it?"};

proto::ModelCall answered(const ChatRequest& request, std::string text) {
  return {.request = request_hash(request), .answer = proto::ModelAnswer{.text = std::move(text)}};
}

proto::CassetteEntry entry(std::int64_t slice, std::int64_t attempt,
                           std::vector<proto::ModelCall> calls, std::int64_t dropped = 0) {
  return {.crew = {"talker"},
          .slice = {slice},
          .attempt = {attempt},
          .model_calls = {.calls = std::move(calls), .dropped = dropped}};
}

CassetteModel model_of(std::vector<proto::CassetteEntry> entries) {
  return {"c.jsonl", std::move(entries), {"talker"}};
}

// What the first question of a reaction is answered.
std::string first_answer(CassetteModel& model, std::int64_t slice, std::int64_t attempt = 1) {
  model.begin({slice}, {attempt});
  auto answer = model.complete(kAsked, {});
  return answer ? answer->text : std::string(to_string(answer.error().code));
}

TEST_CASE("cassette model: the answer of the same slice comes first, in whatever order they come") {
  CassetteModel model =
      model_of({entry(3, 1, {answered(kAsked, "three")}), entry(1, 1, {answered(kAsked, "one")}),
                entry(2, 1, {answered(kAsked, "two")})});
  for (const std::int64_t slice : {2, 3, 1, 1, 3, 2}) {
    CHECK(first_answer(model, slice) == (slice == 1 ? "one" : slice == 2 ? "two" : "three"));
  }
}

TEST_CASE(
    "cassette model: a slice without a recording gets the last one before it, else the first") {
  CassetteModel model = model_of(
      {entry(10, 1, {answered(kAsked, "ten")}), entry(20, 1, {answered(kAsked, "twenty")})});
  CHECK(first_answer(model, 15) == "ten");
  CHECK(first_answer(model, 19) == "ten");
  CHECK(first_answer(model, 99) == "twenty");
  CHECK(first_answer(model, -5) == "ten");
}

TEST_CASE("cassette model: the attempts of one slice have their own answers") {
  CassetteModel model = model_of(
      {entry(1, 1, {answered(kAsked, "first")}), entry(1, 3, {answered(kAsked, "third")})});
  CHECK(first_answer(model, 1, 3) == "third");
  CHECK(first_answer(model, 1, 1) == "first");
  CHECK(first_answer(model, 1, 2) == "first");
  CHECK(first_answer(model, 1, 4) == "third");
}

TEST_CASE("cassette model: a reaction that asks the same again gets the answers in their order") {
  CassetteModel model = model_of(
      {entry(1, 1, {answered(kAsked, "a"), answered(kOther, "x"), answered(kAsked, "b")})});
  for (int times = 0; times < 2; ++times) {  // each reaction begins anew
    CHECK(first_answer(model, 1) == "a");
    CHECK(model.complete(kAsked, {})->text == "b");
    CHECK(model.complete(kAsked, {})->text == "b");  // more often than it was recorded
    CHECK(model.complete(kOther, {})->text == "x");
  }
}

TEST_CASE("cassette model: answer and usage are given as they were recorded") {
  proto::ModelCall call = answered(kAsked, "goal");
  call.answer->usage = R"({"total_tokens":5})";
  CassetteModel model = model_of({entry(1, 1, {call})});
  model.begin({1}, {1});
  const auto answer = model.complete(kAsked, {});
  REQUIRE(answer);
  CHECK(answer->text == "goal");
  CHECK(answer->usage == R"({"total_tokens":5})");
}

TEST_CASE("cassette model: a recorded failure fails again in the same words") {
  const Error failure = {ErrorCode::unavailable, "answered 503: busy"};
  CassetteModel model =
      model_of({entry(1, 1,
                      {{.request = request_hash(kAsked), .answer = std::unexpected(failure)},
                       answered(kAsked, "then")})});
  model.begin({1}, {1});
  CHECK(model.complete(kAsked, {}).error() == failure);
  CHECK(model.complete(kAsked, {})->text == "then");
}

TEST_CASE("cassette model: what is not on it is refused with crew, request and advice") {
  proto::CassetteEntry of_another = entry(1, 1, {answered(kAsked, "not for us")});
  of_another.crew = {"vision"};
  CassetteModel model = model_of({of_another, entry(1, 1, {answered(kOther, "x")})});
  model.begin({7}, {1});
  const auto answer = model.complete(kAsked, {});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::not_found);
  CHECK(answer.error().message ==
        "cassette c.jsonl: crew 'talker' asks in slice 7 what is not on it (request " +
            request_hash(kAsked) +
            "): the crew, its context or its events are not those of the recording; record the "
            "run again, or rerun it with --model live");
}

TEST_CASE("cassette model: where calls were left out, no other slice's answer takes their place") {
  CassetteModel model =
      model_of({entry(1, 1, {answered(kAsked, "one")}), entry(2, 1, {answered(kOther, "x")}, 3),
                entry(3, 1, {answered(kAsked, "three")}, 1)});
  model.begin({2}, {1});
  const auto answer = model.complete(kAsked, {});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::not_found);
  CHECK(answer.error().message.find("the recording left out 3 calls of this slice") !=
        std::string::npos);
  CHECK(model.complete(kOther, {})->text == "x");
  CHECK(first_answer(model, 3) == "three");
  CHECK_FALSE(model.complete(kAsked, {}));  // asked again, and the second answer was left out
  CHECK(first_answer(model, 4) == "three");
}

}  // namespace
}  // namespace lc::worker
