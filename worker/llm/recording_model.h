#pragma once

#include <memory>

#include "proto/model_call.h"
#include "worker/llm/model.h"

namespace lc::worker {

/// Asks another model, and notes what it was asked and what came of it.
class RecordingModel : public ModelClient {
 public:
  explicit RecordingModel(std::unique_ptr<ModelClient> model);

  /// Forgets the calls of the reaction before.
  void begin(SliceIndex slice, Attempt attempt) override;
  Result<ChatAnswer> complete(const ChatRequest& request, Micros budget) override;

  /// The calls since `begin`, within the limits of a done; none are left here.
  proto::ModelCalls take_calls();

 private:
  std::unique_ptr<ModelClient> model_;
  proto::ModelCalls calls_;
};

}  // namespace lc::worker
