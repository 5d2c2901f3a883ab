#include "worker/llm/recording_model.h"

#include <doctest/doctest.h>

#include "tests/support/scripted_model.h"
#include "worker/llm/request_hash.h"

namespace lc::worker {
namespace {

using Answers = std::deque<Result<ChatAnswer>>;

RecordingModel recorder(Answers answers, ScriptedModel::Record& record) {
  return RecordingModel(std::make_unique<ScriptedModel>(std::move(answers), record));
}

TEST_CASE("recording: answers and failures are passed on and noted in the order asked") {
  ScriptedModel::Record record;
  RecordingModel model = recorder(
      {ChatAnswer{.text = "one", .usage = "{\"n\":1}"}, fail(ErrorCode::denied, "no quota")},
      record);
  const ChatRequest first = {.user = "a"};
  const ChatRequest second = {.user = "b"};
  model.begin({84}, {2});
  CHECK(record.begun == std::vector{std::pair(SliceIndex{84}, Attempt{2})});
  const auto answer = model.complete(first, millis(7));
  REQUIRE(answer);
  CHECK(answer->text == "one");
  CHECK(record.asked[0].request.user == "a");
  CHECK(record.asked[0].budget == millis(7));
  CHECK(model.complete(second, millis(7)).error() == Error{ErrorCode::denied, "no quota"});
  CHECK(model.take_calls() ==
        proto::ModelCalls{
            .calls = {
                {.request = request_hash(first),
                 .answer = proto::ModelAnswer{.text = "one", .usage = "{\"n\":1}"}},
                {.request = request_hash(second), .answer = fail(ErrorCode::denied, "no quota")}}});
  CHECK(model.take_calls() == proto::ModelCalls{});
}

TEST_CASE("recording: each reaction has its own calls") {
  ScriptedModel::Record record;
  RecordingModel model = recorder({ChatAnswer{.text = "old"}, ChatAnswer{.text = "new"}}, record);
  model.begin({1}, {1});
  REQUIRE(model.complete({}, {}));
  model.begin({2}, {1});
  REQUIRE(model.complete({}, {}));
  const proto::ModelCalls calls = model.take_calls();
  REQUIRE(calls.calls.size() == 1);
  CHECK(calls.calls[0].answer->text == "new");
}

TEST_CASE("recording: an answer over the limit reaches the crew whole and is only counted") {
  ScriptedModel::Record record;
  const std::string large(proto::kModelCallsBytesMax + 1, 'x');
  RecordingModel model = recorder({ChatAnswer{.text = large}, ChatAnswer{.text = "small"}}, record);
  model.begin({1}, {1});
  const auto answer = model.complete({}, {});
  REQUIRE(answer);
  CHECK(answer->text == large);
  REQUIRE(model.complete({}, {}));
  const proto::ModelCalls calls = model.take_calls();
  CHECK(calls.calls.empty());
  CHECK(calls.dropped == 2);
}

}  // namespace
}  // namespace lc::worker
