// Every write of the beat is applied in order to a copy of the context. Per key we remember which
// writes still stand: a write that replaces makes the earlier ones of this beat losers, one that
// combines (merge_policy.h) joins them. What lost, and to whom, is known at the end.

#include "supervisor/engine/merge.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <tuple>
#include <utility>

#include "common/check.h"
#include "common/json.h"
#include "supervisor/engine/merge_policy.h"

namespace lc::engine {
namespace {

struct Write {
  CrewId crew;
  std::string value;  // empty: a delete
  std::size_t order = 0;
};

struct KeyState {
  std::vector<Write> standing;
  std::vector<Write> lost;
};

struct Merging {
  const MergeOptions& options;
  MergeResult result;
  std::map<std::string, KeyState> keys;
  std::size_t writes = 0;
};

const proto::ContextKeyPolicy& policy_of(const MergeOptions& options, const std::string& key) {
  static const proto::ContextKeyPolicy kReplace;
  if (options.policies == nullptr) {
    return kReplace;
  }
  const auto it = options.policies->find(key);
  return it == options.policies->end() ? kReplace : it->second;
}

void refuse(Merging& merging, const std::string& key, const Write& write, std::string why) {
  merging.result.refused.push_back({key, write.crew, write.value, std::move(why)});
}

void supersede(KeyState& state) {
  std::ranges::move(state.standing, std::back_inserter(state.lost));
  state.standing.clear();
}

void apply_delete(Merging& merging, const std::string& key, Write write) {
  if (policy_of(merging.options, key).policy == proto::MergePolicy::gset) {
    refuse(merging, key, write, "a gset key only grows: it cannot be deleted");
    return;
  }
  KeyState& state = merging.keys[key];
  supersede(state);
  merging.result.snapshot.erase(key);
  state.standing.push_back(std::move(write));
}

// Among the states written in one beat the highest priority wins, whatever the order.
bool loses_by_rank(const proto::ContextKeyPolicy& policy, const KeyState& state, std::size_t rank) {
  if (state.standing.empty() || state.standing.back().value.empty()) {
    return false;
  }
  const auto standing = state_rank(policy, state.standing.back().value);
  return standing && *standing > rank;
}

void apply_set(Merging& merging, const std::string& key, Write write) {
  const proto::ContextKeyPolicy& policy = policy_of(merging.options, key);
  KeyState& state = merging.keys[key];
  if (policy.policy == proto::MergePolicy::state_machine) {
    const auto rank = state_rank(policy, write.value);
    if (!rank) {
      refuse(merging, key, write, rank.error().message);
      return;
    }
    if (loses_by_rank(policy, state, *rank)) {
      state.lost.push_back(std::move(write));
      return;
    }
  }
  proto::Context& context = merging.result.snapshot;
  const auto current = context.find(key);
  auto value =
      combine(policy, current == context.end() ? std::string_view{} : current->second, write.value);
  if (!value) {
    refuse(merging, key, write, value.error().message);
    return;
  }
  context[key] = *std::move(value);
  if (!keeps_both(policy.policy)) {
    supersede(state);
  }
  state.standing.push_back(std::move(write));
}

void apply(Merging& merging, PendingDiff& pending) {
  for (const std::string& key : pending.diff.remove) {
    apply_delete(merging, key, {pending.crew, {}, merging.writes++});
  }
  for (auto& [key, value] : pending.diff.set) {
    LC_ASSERT(!value.empty());
    apply_set(merging, key, {pending.crew, std::move(value), merging.writes++});
  }
}

void find_conflicts(Merging& merging) {
  std::vector<std::pair<std::size_t, Conflict>> found;
  for (auto& [key, state] : merging.keys) {
    for (Write& loser : state.lost) {
      const CrewId& winner = state.standing.back().crew;
      if (winner != loser.crew) {
        found.emplace_back(loser.order, Conflict{key, winner, loser.crew, std::move(loser.value)});
      }
    }
  }
  std::ranges::sort(found, {}, [](const auto& conflict) { return conflict.first; });
  for (auto& [order, conflict] : found) {
    merging.result.conflicts.push_back(std::move(conflict));
  }
}

std::int64_t entry_bytes(const std::string& key, const std::string& value) {
  std::string quoted;
  append_json_string(quoted, key);
  return static_cast<std::int64_t>(quoted.size() + 1 + value.size());
}

enum class Keys { old, added };

// Fills a context up to its cap.
struct Cap {
  std::int64_t bytes_max;
  std::int64_t bytes = 2;  // the braces
  bool empty = true;

  bool take(std::int64_t entry) {
    const std::int64_t with_comma = entry + (empty ? 0 : 1);
    if (bytes + with_comma > bytes_max) {
      return false;
    }
    bytes += with_comma;
    empty = false;
    return true;
  }
};

void apply_cap(Merging& merging, const proto::Context& previous) {
  MergeResult& result = merging.result;
  if (result.size_before <= merging.options.bytes_max) {
    result.size_after = result.size_before;
    return;
  }
  Cap cap{.bytes_max = merging.options.bytes_max};
  const auto fill = [&](Keys keys) {
    for (auto it = result.snapshot.begin(); it != result.snapshot.end();) {
      const std::int64_t bytes = entry_bytes(it->first, it->second);
      const Keys kind = previous.contains(it->first) ? Keys::old : Keys::added;
      if (kind != keys || cap.take(bytes)) {
        ++it;
        continue;
      }
      const auto writers = merging.keys.find(it->first);
      const bool written = writers != merging.keys.end() && !writers->second.standing.empty();
      result.dropped.push_back(
          {it->first, written ? writers->second.standing.back().crew : CrewId{}, bytes});
      it = result.snapshot.erase(it);
    }
  };
  fill(Keys::old);
  fill(Keys::added);
  result.size_after = cap.bytes;
}

}  // namespace

std::int64_t context_bytes(const proto::Context& context) {
  std::int64_t bytes = 2;
  for (const auto& [key, value] : context) {
    bytes += entry_bytes(key, value);
  }
  return bytes + (context.empty() ? 0 : static_cast<std::int64_t>(context.size()) - 1);
}

MergeResult merge(const proto::Context& previous, std::vector<PendingDiff> diffs,
                  const MergeOptions& options) {
  // The contents break ties, so that the answer never depends on the order of the vector.
  std::ranges::sort(diffs, {}, [](const PendingDiff& d) {
    return std::tie(d.slice, d.lamport, d.crew, d.diff.set, d.diff.remove);
  });
  Merging merging{.options = options, .result = {}, .keys = {}};
  merging.result.snapshot = previous;
  for (PendingDiff& pending : diffs) {
    apply(merging, pending);
  }
  find_conflicts(merging);
  merging.result.size_before = context_bytes(merging.result.snapshot);
  apply_cap(merging, previous);
  return std::move(merging.result);
}

}  // namespace lc::engine
