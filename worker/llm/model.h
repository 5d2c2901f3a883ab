#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/ids.h"
#include "common/result.h"
#include "common/time.h"

namespace lc::worker {

/// One question to a model.
struct ChatRequest {
  std::string model;
  std::string system;                      // empty: no such message
  std::string user;                        // empty: no such message
  std::optional<std::string> temperature;  // a JSON number as written
  std::optional<std::int64_t> max_tokens;
};

struct ChatAnswer {
  std::string text;
  std::string usage = "{}";  // JSON object: tokens, model, retries
};

/// A model that answers one question at a time.
class ModelClient {
 public:
  virtual ~ModelClient() = default;

  /// Says whose questions follow: called at the start of each reaction.
  virtual void begin(SliceIndex slice, Attempt attempt) = 0;

  /// Blocks until the answer or the end of `budget`, retries included.
  ///
  /// Errors: invalid_input - the request or the settings are wrong; not_found - a cassette does not
  /// have it; denied - key or quota; overloaded - the service or the answer is over a limit;
  /// unavailable - no usable answer in time.
  virtual Result<ChatAnswer> complete(const ChatRequest& request, Micros budget) = 0;
};

}  // namespace lc::worker
