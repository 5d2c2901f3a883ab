#pragma once

#include <optional>
#include <string>
#include <vector>

#include "proto/recorded_reaction.h"
#include "proto/slice.h"

// Whether a reaction came to the same once more. Pure.
namespace lc::worker {

/// One place where the two sides part. A side without a value has nothing there.
struct Difference {
  std::string at;  // `outcome`, `error`, `diff.set.score.home`, `diff.delete`, `actions[1].payload`
  std::optional<std::string> recorded;  // JSON
  std::optional<std::string> now;

  bool operator==(const Difference&) const = default;
};

/// The outcome that the supervisor would have made of an answer.
proto::Outcome outcome_of(const proto::Done& done);

/// Every place in which `now` is not what was recorded, in the order outcome, error, diff, actions.
/// Objects are compared key by key and lists item by item; times and usage do not count.
std::vector<Difference> differences(const proto::RecordedOutcome& recorded, const proto::Done& now);

}  // namespace lc::worker
