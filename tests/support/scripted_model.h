#pragma once

#include <deque>
#include <utility>
#include <vector>

#include "worker/llm/model.h"

namespace lc::worker {

/// A model that gives the answers it was told to, in order, and keeps what it was asked. When they
/// are used up it is unavailable.
class ScriptedModel : public ModelClient {
 public:
  struct Asked {
    ChatRequest request;
    Micros budget;
  };
  /// Outlives the model: the crew owns that one.
  struct Record {
    std::vector<std::pair<SliceIndex, Attempt>> begun;
    std::vector<Asked> asked;
  };

  ScriptedModel(std::deque<Result<ChatAnswer>> answers, Record& record)
      : answers_(std::move(answers)), record_(record) {}

  void begin(SliceIndex slice, Attempt attempt) override {
    record_.begun.emplace_back(slice, attempt);
  }

  Result<ChatAnswer> complete(const ChatRequest& request, Micros budget) override {
    record_.asked.push_back({request, budget});
    if (answers_.empty()) {
      return fail(ErrorCode::unavailable, "the script has no further answer");
    }
    Result<ChatAnswer> answer = std::move(answers_.front());
    answers_.pop_front();
    return answer;
  }

 private:
  std::deque<Result<ChatAnswer>> answers_;
  Record& record_;
};

}  // namespace lc::worker
