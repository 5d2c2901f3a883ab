#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/ids.h"
#include "common/json.h"
#include "supervisor/engine/engine.h"
#include "supervisor/journal/replay.h"

namespace lc::journal {

/// The last so many writes of a key are kept.
inline constexpr std::size_t kBlameWritesMax = 1'000;
/// How deep causes are followed, and how many there are at most.
inline constexpr std::int64_t kCauseDepthMax = 5;
inline constexpr std::size_t kCausesMax = 200;
/// Events of one reaction that are named.
inline constexpr std::size_t kCauseEventsMax = 20;
/// Slices of one crew that are remembered.
inline constexpr std::size_t kReactionsMax = 4'096;

struct EventBrief {
  StreamSeq seq;
  std::string kind;
  std::string ts;

  bool operator==(const EventBrief&) const = default;
};

/// A reaction and what woke it.
struct Woken {
  CrewId crew;
  SliceIndex slice;
  Attempt attempt;
  std::int64_t record = 0;  // that dispatched it; 0: before the journal's first
  std::vector<EventBrief> events;
  std::int64_t events_more = 0;                      // beyond kCauseEventsMax
  std::vector<std::pair<CrewId, SliceIndex>> needs;  // completions that it was given

  bool operator==(const Woken&) const = default;
};

/// One step back from a write: depth 0 is the reaction that wrote, depth 1 what it needed.
struct Cause {
  enum class Known { yes, above, no };  // above: it stands there already; no: before the journal

  std::int64_t depth = 0;
  Known known = Known::yes;
  Woken reaction;  // unless known: its crew and slice alone

  bool operator==(const Cause&) const = default;
};

enum class Fate { pending, stands, lost, refused, truncated };

/// One write of the key.
struct KeyWrite {
  CrewId crew;  // empty: truncated in a beat in which nobody wrote it
  SliceIndex slice;
  Attempt attempt;
  Lamport lamport;
  std::int64_t record = 0;  // of the answer; 0: before the journal's first
  std::string value;        // canonical JSON; empty: a delete
  Fate fate = Fate::pending;
  std::string because;             // lost: the winner; refused: the words of the policy
  std::optional<SliceIndex> beat;  // at which it was merged
  Revision revision;               // of the context from that beat on
  std::vector<Cause> causes;       // of the last that stands, and of later ones
};

/// Watches a replay for who wrote a key of the context, and why. Pure.
class Blame {
 public:
  /// Up to the beat that closes `at`; without it to the end.
  Blame(std::string key, std::optional<SliceIndex> at) : key_(std::move(key)), at_(at) {}

  void before(const engine::Engine& engine);
  void after(const engine::Input& input, const engine::Effects& effects, std::int64_t record);
  bool is_done() const { return done_; }

  /// In the order merged, those that wait for a beat last.
  const std::deque<KeyWrite>& writes() const { return writes_; }
  std::int64_t left_out() const { return left_out_; }  // older ones
  /// The last that stands; null when there is none.
  const KeyWrite* last() const;

 private:
  void seed(const engine::Checkpoint& state);
  void remember(const proto::Ready& ready, std::int64_t record);
  void ended(const engine::ReactionEnded& effect, std::int64_t record);
  void add_writes(const proto::ContextDiff& diff, const KeyWrite& like);
  void commit(const engine::PublishSnapshot& effect);
  void judge(const engine::ReportError& effect);
  void judge_write(const JsonObject& detail, const CrewId& crew, Fate fate);
  void judge_truncation(const JsonObject& detail, std::optional<SliceIndex> beat);
  void settle_beat();
  std::vector<Cause> causes_of(const Woken& reaction) const;
  void follow(const Woken& reaction, std::int64_t depth,
              std::set<std::pair<CrewId, SliceIndex>>& seen, std::vector<Cause>& causes) const;

  std::string key_;
  std::optional<SliceIndex> at_;
  bool begun_ = false;
  bool done_ = false;
  std::map<CrewId, Woken> in_flight_;
  std::map<CrewId, engine::ReactionDone> answers_;  // not applied yet
  std::map<CrewId, std::map<SliceIndex, Woken>> completed_;
  std::deque<KeyWrite> writes_;
  std::size_t merged_ = 0;   // of writes_: the others wait for a beat
  std::size_t of_beat_ = 0;  // of the merged: the last ones are of the beat at hand
  std::int64_t left_out_ = 0;
  Revision revision_;  // of the last beat
};

std::string_view to_string(Fate fate);

}  // namespace lc::journal
