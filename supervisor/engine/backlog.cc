#include "supervisor/engine/backlog.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/check.h"

namespace lc::engine {

std::int64_t batches_of(const Taken& taken) {
  return taken.batches + taken.batches_collapsed;
}

std::int64_t events_of(const Taken& taken) {
  return static_cast<std::int64_t>(taken.events.size()) + taken.events_collapsed;
}

std::optional<Batch> Backlog::add(SliceIndex slice, proto::BatchEvent event, Activity activity) {
  if (!contents_.batches.empty() && contents_.batches.back().slice == slice) {
    contents_.batches.back().events.push_back(std::move(event));
    return std::nullopt;
  }
  LC_ASSERT(contents_.batches.empty() || contents_.batches.back().slice < slice);
  if (options_.policy == proto::BacklogPolicy::latest && activity == Activity::busy) {
    for (const Batch& batch : contents_.batches) {
      ++contents_.batches_collapsed;
      contents_.events_collapsed += static_cast<std::int64_t>(batch.events.size());
    }
    contents_.batches.clear();
  }
  contents_.batches.push_back({slice, {}});
  contents_.batches.back().events.push_back(std::move(event));
  if (batches() <= options_.batches_max) {
    return std::nullopt;
  }
  Batch oldest = std::move(contents_.batches.front());
  contents_.batches.pop_front();
  return oldest;
}

Taken Backlog::take() {
  Taken taken;
  taken.batches = batches();
  taken.trigger = empty() ? SliceIndex{} : trigger();
  for (Batch& batch : contents_.batches) {
    std::ranges::move(batch.events, std::back_inserter(taken.events));
  }
  taken.batches_collapsed = std::exchange(contents_.batches_collapsed, 0);
  taken.events_collapsed = std::exchange(contents_.events_collapsed, 0);
  contents_.batches.clear();
  return taken;
}

SliceIndex Backlog::trigger() const {
  LC_ASSERT(!contents_.batches.empty());
  return contents_.batches.front().slice;
}

}  // namespace lc::engine
