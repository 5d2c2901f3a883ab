#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "common/ids.h"
#include "proto/manifest.h"
#include "proto/slice.h"

namespace lc::engine {

/// The events that one slice held for one crew.
struct Batch {
  SliceIndex slice;
  std::vector<proto::BatchEvent> events;  // by stream sequence

  bool operator==(const Batch&) const = default;
};

/// What a backlog holds, as a value.
struct BacklogContents {
  std::deque<Batch> batches;  // in slice order
  std::int64_t batches_collapsed = 0;
  std::int64_t events_collapsed = 0;

  bool operator==(const BacklogContents&) const = default;
};

enum class Activity { idle, busy };

struct BacklogOptions {
  proto::BacklogPolicy policy = proto::BacklogPolicy::fifo;
  std::int64_t batches_max = 256;
};

/// All that a crew had pending, merged.
struct Taken {
  SliceIndex trigger;                     // the earliest slice of its batches
  std::vector<proto::BatchEvent> events;  // slice order, then stream sequence
  std::int64_t batches = 0;
  std::int64_t batches_collapsed = 0;  // `latest`: given up for newer ones while the crew was busy
  std::int64_t events_collapsed = 0;
};

/// Everything that leaves the backlog with it, what was collapsed included.
std::int64_t batches_of(const Taken& taken);
std::int64_t events_of(const Taken& taken);

/// The batches of one crew that no reaction has had yet, in slice order, at most `batches_max`.
class Backlog {
 public:
  explicit Backlog(BacklogOptions options, BacklogContents contents = {})
      : options_(options), contents_(std::move(contents)) {}

  /// Adds an event to the batch of `slice`, which is never before an earlier one's. A new batch
  /// collapses the older ones of a busy crew (`latest`) or, over the bound, pushes out the oldest,
  /// which is returned.
  std::optional<Batch> add(SliceIndex slice, proto::BatchEvent event, Activity activity);

  /// Empties the backlog.
  Taken take();

  bool empty() const { return contents_.batches.empty(); }
  std::int64_t batches() const { return static_cast<std::int64_t>(contents_.batches.size()); }
  const BacklogContents& contents() const { return contents_; }
  SliceIndex trigger() const;  // the earliest slice; not empty

 private:
  BacklogOptions options_;
  BacklogContents contents_;
};

}  // namespace lc::engine
