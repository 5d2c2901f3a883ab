#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/result.h"
#include "proto/slice.h"

namespace lc::worker {

/// What a reaction came to: the crew's part of a `done`.
struct Answer {
  proto::DoneStatus status = proto::DoneStatus::ok;
  proto::ContextDiff diff;
  std::vector<proto::ActionDraft> actions;
  std::string usage = "{}";  // JSON object
  std::string error;         // words, when status is error
  proto::ModelCalls model_calls;

  bool operator==(const Answer&) const = default;
};

/// The answer of a reaction that failed.
///
/// `words` start with what kind of failure it was when the crew did not report it itself:
/// `protocol:`, `exit:<code>` or `crash:<signal>`.
Answer error_answer(std::string words);

inline constexpr std::size_t kErrorBytesMax = 4'096;  // longer words are cut

/// A crew that can react: once started, one reaction at a time.
class Crew {
 public:
  virtual ~Crew() = default;

  /// Makes the crew able to react. Errors: invalid_input - the crew's own fault, with words for its
  /// author; unavailable - ours or the machine's.
  virtual Status start() = 0;

  /// Whether it executes anything, now or later.
  virtual bool runs_programs() const = 0;

  /// Never fails: what goes wrong is an answer with status error.
  virtual Answer react(const proto::Ready& ready) = 0;
};

}  // namespace lc::worker
