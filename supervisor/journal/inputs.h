#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/json.h"
#include "proto/reader.h"
#include "supervisor/engine/checkpoint.h"
#include "supervisor/engine/input.h"

// What the engine was told, as records hold it. Events are named by their sequences: their text is
// in the stream of events.
namespace lc::journal {

/// Events with consecutive sequences, and when each arrived.
struct EventRun {
  StreamSeq first;
  std::vector<WallTime> at;  // one for each; all 0 with the event clock

  bool operator==(const EventRun&) const = default;
  StreamSeq last() const { return {first.value + static_cast<std::int64_t>(at.size()) - 1}; }
};

/// An input of a record; EventArrived only stands as a run.
struct RecordedInput {
  std::variant<EventRun, engine::Input> what;
  std::string note;  // what is known of a reaction beside its effects, a JSON object; or empty
};

void write_input(JsonWriter& json, const RecordedInput& input);
RecordedInput read_input(proto::ObjectReader reader);

/// Sequences without times: `[[17,3],[25,1]]`.
void write_sequences(JsonWriter& json, const std::vector<EventRun>& runs);
std::vector<EventRun> read_sequences(proto::ObjectReader& reader, std::string_view name);

void write_answer(JsonWriter& json, const engine::Answer& answer);
engine::Answer read_answer(proto::ObjectReader reader);

}  // namespace lc::journal
