#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/config.h"
#include "supervisor/engine/effect.h"
#include "supervisor/engine/input.h"
#include "supervisor/journal/record.h"

namespace lc::journal {

/// Events that one record names at most; then it is written although nothing was decided.
inline constexpr std::int64_t kEventsPerRecordMax = 4'096;

/// Turns what the engine is told and what it decides into the records of a chain. Pure: the same
/// steps give the same bytes, so a replay writes what was written.
///
/// A step is *idle* when it only let time pass: nothing is written for it. The last idle tick comes
/// with whatever is written next, so that a replay is at the same slice.
class Recorder {
 public:
  Recorder(StreamId stream, proto::ClockMode clock, ChainEnd end);

  /// Notes one step of the engine. `note` is what is known of a reaction beside its effects, a JSON
  /// object; empty: nothing.
  void note(const engine::Input& input, const engine::Effects& effects, std::string_view note = {});

  /// Whether a record must be written now.
  bool is_due() const { return due_; }

  /// Whether something was noted that only the next record will have.
  bool has_draft() const { return drafted_; }

  /// The next record, with all that was noted. A replay knows what was `written`.
  std::string take(const Settled& settled, const std::optional<Sealed>& written = {});

  /// The next records: a checkpoint, in as many parts as `bytes_max` wants. Nothing may be drafted;
  /// what was idle is forgotten, because the checkpoint has it.
  std::vector<std::string> take_checkpoint(std::string body, const Settled& settled,
                                           std::size_t bytes_max);

  const ChainEnd& end() const { return end_; }

 private:
  struct Did {
    std::vector<engine::SliceClosed> slices;  // those that were not idle
    std::vector<engine::EventBinned> late;
    std::vector<std::string> dispatched;  // `["vision",84,1]`
    std::vector<std::string> actions;     // ids
    std::vector<std::string> errors;      // reasons
    std::optional<Revision> revision;
    std::string context_hash;
  };

  void add_event(const engine::EventArrived& event);
  void see(const engine::Effect& effect);
  void write_did(JsonWriter& json) const;
  std::string finish(std::string text, const std::optional<Sealed>& written = {});
  void begin(JsonWriter& json, RecordKind kind, const Settled& settled) const;

  StreamId stream_;
  proto::ClockMode clock_;
  ChainEnd end_;
  std::vector<RecordedInput> inputs_;
  std::int64_t events_ = 0;  // in inputs_
  RecordKind kind_ = RecordKind::slice;
  Did did_;
  bool drafted_ = false;
  bool due_ = false;
};

}  // namespace lc::journal
