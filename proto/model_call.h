#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"

namespace lc::proto {

inline constexpr std::size_t kModelCallsMax = 64;  // of one reaction
/// Of the answers, usages and errors of one reaction's calls together.
inline constexpr std::size_t kModelCallsBytesMax = std::size_t{256} << 10;
inline constexpr std::size_t kRequestHashChars = 64;

/// What a model said, and what it says that it used.
struct ModelAnswer {
  std::string text;
  std::string usage = "{}";  // JSON object

  bool operator==(const ModelAnswer&) const = default;
};

/// One question that a reaction put to a model, and what came of it.
struct ModelCall {
  std::string request;         // SHA-256 of the question, 64 lower-case hex digits
  Result<ModelAnswer> answer;  // or why there is none

  bool operator==(const ModelCall&) const = default;
};

/// What a reaction asked of models, in the order asked: enough to have it answered again without
/// them.
struct ModelCalls {
  std::vector<ModelCall> calls;
  std::int64_t dropped = 0;  // further calls, left out because they were over a limit

  bool operator==(const ModelCalls&) const = default;
};

/// Appends `call`. From the first one that is over a limit on, calls are only counted.
void add_model_call(ModelCalls& calls, ModelCall call);

/// Leaves out the last call, to be counted only. There is one.
void drop_last_model_call(ModelCalls& calls);

}  // namespace lc::proto
