#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/manifest.h"
#include "proto/recorded_reaction.h"
#include "proto/slice.h"
#include "worker/debug/compare.h"
#include "worker/debug/options.h"

// What `lcworker debug` says: for a person, and as one JSON object. Pure.
namespace lc::worker {

/// How the reaction is run once more.
struct DebugFacts {
  const proto::RecordedReaction& recorded;
  const proto::Manifest& manifest;
  std::string crew_file;
  DebugOptions::Model model = DebugOptions::Model::recorded;
};

/// What came of it.
struct DebugResult {
  proto::Done now;
  std::vector<Difference> differences;  // where something was recorded
};

/// Whether there is something to compare with, and it was the same.
bool is_same(const DebugFacts& facts, const DebugResult& result);

/// What the person should know before it runs; none in the usual case.
std::vector<std::string> warnings(const DebugFacts& facts);

/// What the crew is given and in which way that is not as it was; before it runs.
std::string given_text(const DebugFacts& facts);
/// What came out, and the comparison.
std::string result_text(const DebugFacts& facts, const DebugResult& result);
/// One JSON object, without a newline.
std::string result_json(const DebugFacts& facts, const DebugResult& result);

}  // namespace lc::worker
