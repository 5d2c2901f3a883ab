#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/ids.h"
#include "proto/config.h"
#include "proto/context.h"

namespace lc::engine {

/// One reaction's diff with what orders it among the others of a beat.
struct PendingDiff {
  SliceIndex slice;
  Lamport lamport;
  CrewId crew;
  proto::ContextDiff diff;

  bool operator==(const PendingDiff&) const = default;
};

/// Two writers of one key in one beat: the later won.
struct Conflict {
  std::string key;
  CrewId winner;
  CrewId loser;
  std::string losing_value;  // canonical JSON, or empty when the loser deleted the key

  bool operator==(const Conflict&) const = default;
};

/// A key that the size cap truncated, and the crew whose write made it go (empty: nobody in this
/// beat).
struct DroppedKey {
  std::string key;
  CrewId crew;
  std::int64_t bytes = 0;

  bool operator==(const DroppedKey&) const = default;
};

/// A write that its key's policy does not accept; the key keeps what it had.
struct RefusedWrite {
  std::string key;
  CrewId crew;
  std::string value;  // canonical JSON, or empty when the crew deleted the key
  std::string why;    // words for a person

  bool operator==(const RefusedWrite&) const = default;
};

struct MergeResult {
  proto::Context snapshot;
  std::int64_t size_before = 0;  // compact JSON bytes of the merged context, before the cap
  std::int64_t size_after = 0;
  std::vector<DroppedKey> dropped;    // in the order dropped
  std::vector<Conflict> conflicts;    // in the merge order of the losing writes
  std::vector<RefusedWrite> refused;  // in merge order

  bool operator==(const MergeResult&) const = default;
};

struct MergeOptions {
  std::int64_t bytes_max = proto::kContextBytesMaxDefault;
  const std::map<std::string, proto::ContextKeyPolicy>* policies = nullptr;  // null: all replace
};

/// The size of a context as compact JSON, braces included (`{}` is 2).
std::int64_t context_bytes(const proto::Context& context);

/// Merges the diffs of one beat into `previous`, then applies the size cap.
///
/// Shape:  diffs - any order; applied by (slice, lamport, crew). Within a diff: deletes, then sets.
/// Units:  sizes in bytes of compact JSON, braces included (`{}` is 2).
/// The cap: keys of `previous` first, then new keys, both in byte order, each kept if it still
/// fits. A conflict names the crew whose write stands at the end; a crew never conflicts with
/// itself. Policies: merge_policy.h.
MergeResult merge(const proto::Context& previous, std::vector<PendingDiff> diffs,
                  const MergeOptions& options);

}  // namespace lc::engine
