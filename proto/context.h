#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/result.h"

namespace lc::proto {

/// The shared context: top-level keys to canonical JSON text, in byte order.
using Context = std::map<std::string, std::string>;

inline constexpr std::int64_t kContextBytesMaxDefault = 4'096;

/// What one reaction changes in the context: per top-level key, shallow.
///
/// Source: proto/schemas/context_diff.json.
struct ContextDiff {
  std::map<std::string, std::string> set;  // values are canonical JSON text
  std::vector<std::string> remove;  // "delete" on the wire; sorted, unique, disjoint from set

  bool operator==(const ContextDiff&) const = default;
  bool empty() const { return set.empty() && remove.empty(); }
};

/// The frozen context of one slice, broadcast on `live.S.ctx` as kind `__context`.
///
/// Source: proto/schemas/snapshot.json.
struct Snapshot {
  StreamId stream;
  SliceIndex slice;     // the slice whose reactions read it
  Revision revision;    // grows when the context changed
  StreamSeq event_seq;  // the last event that was binned before it
  Lamport lamport;
  Context context;

  bool operator==(const Snapshot&) const = default;
};

Result<ContextDiff> parse_context_diff(std::string_view text);
std::string write_context_diff(const ContextDiff& diff);

/// `{...}` of the context alone; its size is what `ctx_max_bytes` limits.
std::string write_context(const Context& context);
Result<Context> parse_context(std::string_view text);

Result<Snapshot> parse_snapshot(std::string_view text);
std::string write_snapshot(const Snapshot& snapshot);

}  // namespace lc::proto
