#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/time.h"
#include "proto/context.h"
#include "supervisor/app_options.h"
#include "supervisor/engine/engine.h"
#include "supervisor/epoch.h"
#include "supervisor/recovery.h"
#include "supervisor/scribe.h"

// Where a run begins, decided from what the stream holds. Pure.
namespace lc::supervisor {

/// What the stream knows of earlier runs.
struct Past {
  std::optional<proto::Snapshot> context;  // as stored
  Recovered recovered;                     // by the journal, if there is one
};

struct Starting {
  engine::EngineOptions options;  // with where to go on from
  JournalStart journal;
  std::vector<journal::Letter> letters;  // that may not have arrived
};

/// Goes on from the journal when it has this epoch; else, with a new epoch, only what an operator
/// or failures disabled stays so; else from the stored context at the slice that is open now.
Starting starting_point(const AppOptions& options, const Epoch& epoch, Past past, WallTime now);

/// The crews of an earlier run that are disabled and whose files have not been repaired since.
std::set<CrewId> still_disabled(const AppOptions& options, const Recovered& recovered);

/// Of letters that may have arrived: those to send again, and those that nobody wants any more.
struct Resend {
  std::vector<journal::Letter> letters;
  std::vector<std::string> expired;  // ids
};

/// `known` are the ids that the stream of actions has.
Resend resend(std::vector<journal::Letter> letters, const std::set<std::string>& known,
              proto::ClockMode clock, WallTime now);

}  // namespace lc::supervisor
