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
  if (!batches_.empty() && batches_.back().slice == slice) {
    batches_.back().events.push_back(std::move(event));
    return std::nullopt;
  }
  LC_ASSERT(batches_.empty() || batches_.back().slice < slice);
  if (options_.policy == proto::BacklogPolicy::latest && activity == Activity::busy) {
    for (const Batch& batch : batches_) {
      ++batches_collapsed_;
      events_collapsed_ += static_cast<std::int64_t>(batch.events.size());
    }
    batches_.clear();
  }
  batches_.push_back({slice, {}});
  batches_.back().events.push_back(std::move(event));
  if (batches() <= options_.batches_max) {
    return std::nullopt;
  }
  Batch oldest = std::move(batches_.front());
  batches_.pop_front();
  return oldest;
}

Taken Backlog::take() {
  Taken taken;
  taken.batches = batches();
  taken.trigger = empty() ? SliceIndex{} : trigger();
  for (Batch& batch : batches_) {
    std::ranges::move(batch.events, std::back_inserter(taken.events));
  }
  taken.batches_collapsed = std::exchange(batches_collapsed_, 0);
  taken.events_collapsed = std::exchange(events_collapsed_, 0);
  batches_.clear();
  return taken;
}

SliceIndex Backlog::trigger() const {
  LC_ASSERT(!batches_.empty());
  return batches_.front().slice;
}

}  // namespace lc::engine
