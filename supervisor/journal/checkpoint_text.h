#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "supervisor/engine/engine.h"
#include "supervisor/journal/inputs.h"
#include "supervisor/journal/letters.h"

namespace lc::journal {

/// `epoch`: a supervisor began the stream's time anew; nothing of before counts.
enum class CheckpointWhy { start, periodic, stop, epoch };

/// Who wrote a checkpoint.
struct Author {
  std::string host;
  std::string boot_id;  // of this run of the supervisor
  std::string version;

  bool operator==(const Author&) const = default;
};

/// Everything that is needed to go on, or to replay, from here: no file and no other record.
struct CheckpointBody {
  CheckpointWhy why = CheckpointWhy::periodic;
  Author by;
  std::string loss;               // what was given up to get here, a JSON object; empty: nothing
  bool strict_events = true;      // how events of the stream are read: EventValidation
  engine::EngineOptions options;  // without `resume`
  engine::Checkpoint state;       // its queue is empty when read: see `queued`
  std::vector<EventRun> queued;   // event clock: the events that wait in the queue
  std::vector<Letter> letters;    // not acknowledged yet, in the order sent
};

std::string write_checkpoint(const CheckpointBody& body);

/// What the engine knew, alone: equal texts, equal knowledge.
std::string write_state(const engine::Checkpoint& state, const std::vector<EventRun>& queued);

/// The events of a queue by their sequences.
std::vector<EventRun> queued_runs(const engine::Checkpoint& state);

/// Errors: corrupt - names every field that is wrong.
Result<CheckpointBody> parse_checkpoint(std::string_view text, const StreamId& stream);

std::string_view to_string(CheckpointWhy why);

}  // namespace lc::journal
