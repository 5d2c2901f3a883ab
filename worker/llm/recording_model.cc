#include "worker/llm/recording_model.h"

#include <utility>

#include "common/check.h"
#include "worker/llm/request_hash.h"

namespace lc::worker {

RecordingModel::RecordingModel(std::unique_ptr<ModelClient> model) : model_(std::move(model)) {
  LC_ASSERT(model_ != nullptr);
}

void RecordingModel::begin(SliceIndex slice, Attempt attempt) {
  calls_ = {};
  model_->begin(slice, attempt);
}

Result<ChatAnswer> RecordingModel::complete(const ChatRequest& request, Micros budget) {
  auto answer = model_->complete(request, budget);
  proto::ModelCall call{.request = request_hash(request), .answer = {}};
  if (answer) {
    call.answer = proto::ModelAnswer{.text = answer->text, .usage = answer->usage};
  } else {
    call.answer = std::unexpected(answer.error());
  }
  proto::add_model_call(calls_, std::move(call));
  return answer;
}

proto::ModelCalls RecordingModel::take_calls() {
  return std::exchange(calls_, {});
}

}  // namespace lc::worker
