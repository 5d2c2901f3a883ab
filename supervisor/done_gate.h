#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "common/ids.h"
#include "common/time.h"
#include "proto/error_report.h"
#include "proto/outcome.h"
#include "proto/slice.h"
#include "supervisor/engine/input.h"

namespace lc::supervisor {

/// An answer that the engine may have: the reaction is over, well or badly.
struct DoneAccepted {
  CrewId crew;
  std::int64_t t_ms = 0;
  engine::Input input;  // ReactionDone, or ReactionFailed when the crew itself says `error`
  std::string note;     // what else the answer says, a JSON object: times, usage, model calls
};

/// An answer that proves to be from the crew's worker and breaks the contract: the crew is to
/// blame.
struct DoneBlamed {
  CrewId crew;
  std::string detail;
};

/// An answer that nobody asked for, or that is not proven to be from the crew: reported, no strike.
struct DoneRefused {
  proto::ErrorReport report;
};

/// An answer that was accepted, once more: its worker was asked again meanwhile.
struct DoneRepeated {};

using DoneVerdict = std::variant<DoneAccepted, DoneBlamed, DoneRefused, DoneRepeated>;

/// Knows which answers are awaited and judges those that come; the nonce proves the sender.
class DoneGate {
 public:
  explicit DoneGate(StreamId stream) : stream_(std::move(stream)) {}

  void expect(const CrewId& crew, SliceIndex slice, Attempt attempt, std::string nonce);
  void forget(const CrewId& crew);
  /// What is awaited of the crew has come; it may come again.
  void answered(const CrewId& crew);

  /// Judges a message that came on `live.S.slice.n.C.done`. One of more than `bytes_max` breaks the
  /// contract.
  DoneVerdict judge(std::string_view subject, std::string_view text, WallTime now,
                    std::size_t bytes_max = proto::kDoneBytesMax) const;

  struct Expected {
    SliceIndex slice;
    Attempt attempt;
    std::string nonce;

    bool operator==(const Expected&) const = default;
  };
  const Expected* expected(const CrewId& crew) const;

 private:
  DoneVerdict judge_malformed(const CrewId& crew, SliceIndex slice, std::string_view text,
                              const std::string& why, WallTime now) const;
  DoneRefused refuse(std::string_view reason, std::string words, const CrewId& crew,
                     SliceIndex slice, WallTime now) const;

  StreamId stream_;
  std::map<CrewId, Expected> expected_;
  std::map<CrewId, Expected> answered_;  // the last of each crew
};

}  // namespace lc::supervisor
