#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/json.h"
#include "common/result.h"
#include "common/time.h"
#include "proto/context.h"
#include "proto/outcome.h"
#include "supervisor/engine/effect.h"

namespace lc::supervisor {

inline constexpr std::size_t kLatenciesMax = 1'000'000;  // later ones are counted, not ranked

/// Counts what a run did, from its effects: for `process` and for people who ask what happened.
class Summary {
 public:
  void observe(const engine::Effect& effect, MonoTime now);

  /// {slices, first_slice, last_slice, events, events_late, reactions{crew{outcome: n}},
  /// actions{kind: n}, errors{reason: n}, latency_us{p50, p99, max} of a reaction from dispatch to
  /// its end, ctx_rev, ctx}
  Json json() const;

  /// json() as a line in a file. Errors: denied - the file cannot be written.
  Status write_to(const std::string& path) const;

  /// Whether every crew could work to the end.
  bool all_crews_enabled() const { return disabled_.empty(); }

  /// The same for a person.
  std::string text() const;

 private:
  void on_ended(const engine::ReactionEnded& ended, MonoTime now);
  std::int64_t percentile_us(double share) const;

  std::int64_t slices_ = 0;
  std::int64_t first_slice_ = 0;
  std::int64_t last_slice_ = 0;
  std::int64_t events_ = 0;
  std::int64_t late_ = 0;
  std::map<std::string, std::map<std::string, std::int64_t>> reactions_;
  std::map<std::string, std::int64_t> actions_;
  std::map<std::string, std::int64_t> errors_;
  std::map<std::string, std::string> first_words_;  // by reason and crew, of the first such error
  std::vector<CrewId> disabled_;
  std::map<CrewId, MonoTime> dispatched_;
  std::vector<std::int64_t> latencies_us_;
  proto::Snapshot last_snapshot_;
};

}  // namespace lc::supervisor
