#include "supervisor/context_store.h"

#include "common/log.h"

namespace lc::supervisor {
namespace {

constexpr const char* kSnapshotKey = "snapshot";
constexpr Micros kAgainPause = millis(500);  // a bucket without a leader refuses at once

}  // namespace

void KvContextStore::load(OnResult<std::optional<proto::Snapshot>> on_result) {
  bus_.kv_get(bucket_, kSnapshotKey, [on_result](Result<KvEntry> entry) {
    if (!entry && entry.error().code == ErrorCode::not_found) {
      on_result(std::optional<proto::Snapshot>{});
      return;
    }
    if (!entry) {
      on_result(std::unexpected(entry.error()));
      return;
    }
    auto snapshot = proto::parse_snapshot(entry->value);
    if (!snapshot) {
      on_result(fail(ErrorCode::corrupt, "the stored context: " + snapshot.error().message));
      return;
    }
    on_result(std::optional(std::move(*snapshot)));
  });
}

void KvContextStore::put(const proto::Snapshot& snapshot) {
  std::string text = proto::write_snapshot(snapshot);
  if (in_flight_) {
    waiting_ = std::move(text);
    return;
  }
  send(std::move(text));
}

void KvContextStore::retry() {
  timers_.cancel(again_);
  if (!in_flight_ && waiting_) {
    std::string next = std::move(*waiting_);
    waiting_.reset();
    send(std::move(next));
  }
}

void KvContextStore::send(std::string text) {
  timers_.cancel(again_);
  in_flight_ = true;
  // When the bucket did not take it, it waits again, unless something newer does.
  bus_.kv_put(bucket_, kSnapshotKey, text, [this, text](Result<std::uint64_t> revision) {
    in_flight_ = false;
    if (revision) {
      retry();
      return;
    }
    log_warn("context not stored", {{"error", revision.error().message}});
    if (!waiting_) {
      waiting_ = text;
    }
    again_ = timers_.arm(clock_.mono() + kAgainPause, [this] { retry(); });
  });
}

}  // namespace lc::supervisor
