#include "proto/model_call.h"

#include <doctest/doctest.h>

#include "proto/slice.h"

namespace lc::proto {
namespace {

const std::string kHash(kRequestHashChars, 'a');

constexpr std::string_view kDoneStart =
    R"({"v":1,"stream":"s","slice":0,"crew":"c","attempt":1,"nonce":"n","status":"ok",)"
    R"("diff":{"set":{},"delete":[]},"actions":[],"usage":{},"error":"","t_ms":0,"lamport":1)";

ModelCall answered(std::string text) {
  return {.request = kHash, .answer = ModelAnswer{.text = std::move(text), .usage = "{}"}};
}

ModelCall failed(ErrorCode code, std::string words) {
  return {.request = kHash, .answer = fail(code, std::move(words))};
}

// A done whose model_calls are `calls`.
std::string done_with(std::string_view calls) {
  return std::string(kDoneStart) + R"(,"model_calls":)" + std::string(calls) + "}";
}

std::string call_with(std::string_view fields) {
  return done_with(R"([{"request":")" + kHash + '"' + std::string(fields) + "}]");
}

TEST_CASE("model calls: a done without any is written as if there were no such field") {
  const auto done = parse_done(std::string(kDoneStart) + "}");
  REQUIRE(done);
  CHECK(done->model_calls == ModelCalls{});
  CHECK(write_done(*done) == std::string(kDoneStart) + "}");
  CHECK(parse_done(done_with("[]")) == *done);
}

TEST_CASE("model calls: answers and failures are written in the order asked, and read back") {
  auto done = parse_done(std::string(kDoneStart) + "}");
  REQUIRE(done);
  done->model_calls.calls = {answered("Goal!\n"), failed(ErrorCode::denied, "no \"quota\"")};
  done->model_calls.calls[0].answer->usage = R"({"total_tokens":5})";
  done->model_calls.dropped = 3;
  const std::string text = write_done(*done);
  CHECK(text == std::string(kDoneStart) + R"(,"model_calls":[{"request":")" + kHash +
                    R"(","answer":"Goal!\n","usage":{"total_tokens":5}},{"request":")" + kHash +
                    R"(","error":"no \"quota\"","code":"denied"}],"model_calls_dropped":3})");
  CHECK(parse_done(text) == *done);
}

TEST_CASE("model calls: every code of an error can be read back") {
  auto done = parse_done(std::string(kDoneStart) + "}");
  REQUIRE(done);
  for (const ErrorCode code :
       {ErrorCode::invalid_input, ErrorCode::not_found, ErrorCode::conflict, ErrorCode::overloaded,
        ErrorCode::unavailable, ErrorCode::denied, ErrorCode::corrupt}) {
    done->model_calls.calls = {failed(code, "words")};
    CHECK(parse_done(write_done(*done)) == *done);
  }
}

TEST_CASE("model calls: bytes that are no UTF-8 do not spoil the done") {
  auto done = parse_done(std::string(kDoneStart) + "}");
  REQUIRE(done);
  done->model_calls.calls = {answered("a\xff"), failed(ErrorCode::unavailable, "\xc3")};
  const auto read = parse_done(write_done(*done));
  REQUIRE(read);
  CHECK(read->model_calls.calls[0].answer->text == "a?");
  CHECK(read->model_calls.calls[1].answer.error().message == "?");
}

TEST_CASE("model calls: what is wrong with a call is said with its place") {
  struct Row {
    std::string text;
    std::string_view words;
  };
  const Row rows[] = {
      {done_with("7"), "field 'model_calls' is the number 7; it must be an array"},
      {done_with("[7]"), "field 'model_calls[0]' is the number 7; it must be an object"},
      {done_with(R"([{"answer":"x"}])"), "field 'model_calls[0].request' is missing"},
      {done_with(R"([{"request":"ab","answer":"x"}])"),
       "'model_calls[0].request' is the string \"ab\"; it must be 64 lower-case hex digits"},
      {done_with(R"([{"request":")" + std::string(64, 'A') + R"(","answer":"x"}])"),
       "it must be 64 lower-case hex digits"},
      {call_with(""), "field 'model_calls[0].answer' is missing"},
      {call_with(R"(,"answer":1)"), "'model_calls[0].answer' is the number 1"},
      {call_with(R"(,"answer":"x","usage":[])"), "'model_calls[0].usage' is the array []"},
      {call_with(R"(,"answer":"x","code":"denied")"),
       "'model_calls[0].code' belongs to a call that failed, beside 'error'"},
      {call_with(R"(,"error":"x")"), "field 'model_calls[0].code' is missing"},
      {call_with(R"(,"error":"x","code":"busy")"),
       "is the string \"busy\"; it must be one of invalid_input, not_found, conflict, overloaded, "
       "unavailable, denied, corrupt"},
      {call_with(R"(,"error":null,"code":"denied")"), "'model_calls[0].error' is null"},
      {call_with(R"(,"error":"x","code":"denied","answer":"y")"),
       "'model_calls[0].answer' does not belong to a call that failed"},
      {call_with(R"(,"error":"x","code":"denied","usage":{})"),
       "'model_calls[0].usage' does not belong to a call that failed"},
      {call_with(R"(,"answr":"x")"), "did you mean 'answer'?"},
      {std::string(kDoneStart) + R"(,"model_calls_dropped":-1})", "'model_calls_dropped'"},
      {std::string(kDoneStart) + R"(,"model_calls_dropped":1.5})", "'model_calls_dropped'"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto done = parse_done(row.text);
    REQUIRE_FALSE(done);
    CAPTURE(done.error().message);
    CHECK(done.error().message.find(row.words) != std::string::npos);
  }
}

TEST_CASE("model calls: from the first that does not fit on, calls are only counted") {
  ModelCalls many;
  for (std::size_t i = 0; i < kModelCallsMax + 2; ++i) {
    add_model_call(many, answered("x"));
  }
  CHECK(many.calls.size() == kModelCallsMax);
  CHECK(many.dropped == 2);
  ModelCalls large;
  add_model_call(large, answered(std::string(kModelCallsBytesMax - 12, 'x')));  // and "{}"
  add_model_call(large, failed(ErrorCode::denied, std::string(10, 'x')));
  CHECK(large.calls.size() == 2);
  add_model_call(large, failed(ErrorCode::denied, "x"));
  add_model_call(large, failed(ErrorCode::denied, ""));  // would fit, but a gap would be a lie
  CHECK(large.calls.size() == 2);
  CHECK(large.dropped == 2);
  drop_last_model_call(large);
  CHECK(large.calls.size() == 1);
  CHECK(large.dropped == 3);
}

TEST_CASE("model calls: a done at the limits is read, one over them is refused") {
  auto done = parse_done(std::string(kDoneStart) + "}");
  REQUIRE(done);
  done->model_calls.calls.assign(kModelCallsMax, answered("x"));
  CHECK(parse_done(write_done(*done)) == *done);
  done->model_calls.calls.push_back(answered("x"));
  CHECK(parse_done(write_done(*done)).error().message ==
        "done: field 'model_calls' has 65 calls, at most 64 are accepted");
  done->model_calls.calls = {answered(std::string(kModelCallsBytesMax - 2, 'x'))};
  CHECK(parse_done(write_done(*done)) == *done);
  done->model_calls.calls[0].answer->text += 'x';
  CHECK(parse_done(write_done(*done)).error().message ==
        "done: field 'model_calls' has 262145 bytes of text, at most 262144 are accepted");
}

}  // namespace
}  // namespace lc::proto
