#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/result.h"
#include "common/scratch.h"
#include "proto/cassette.h"
#include "supervisor/worker_spec.h"

namespace lc::cli {

/// A cassette in a folder of its own, which goes with it. Without entries every question is one too
/// many: models are never asked.
class ScratchCassette {
 public:
  /// Errors: overloaded - more than a cassette may hold; those of making a scratch folder.
  static Result<std::unique_ptr<ScratchCassette>> write(
      const std::vector<proto::CassetteEntry>& entries, const supervisor::Environment& environment);
  ScratchCassette(const ScratchCassette&) = delete;
  ScratchCassette& operator=(const ScratchCassette&) = delete;
  ~ScratchCassette();

  std::string path() const { return scratch_.folder + "/tape.cassette.jsonl"; }

 private:
  ScratchCassette() = default;

  Scratch scratch_;
};

/// The text of a cassette.
std::string cassette_text(const std::vector<proto::CassetteEntry>& entries);

}  // namespace lc::cli
