#pragma once

#include <optional>
#include <string>

#include "common/bus.h"
#include "common/timers.h"
#include "proto/context.h"
#include "supervisor/run_clock.h"

namespace lc::supervisor {

/// Where the committed context survives a restart. The engine owns the context; this keeps the
/// latest.
class ContextStore {
 public:
  virtual ~ContextStore() = default;

  /// The last snapshot put, or nothing.
  virtual void load(OnResult<std::optional<proto::Snapshot>> on_result) = 0;

  /// Keeps `snapshot`. A newer one may overtake one that is still on its way: only the latest
  /// counts.
  virtual void put(const proto::Snapshot& snapshot) = 0;

  /// Whether everything put so far is kept.
  virtual bool settled() const = 0;

  /// Sends again at once what could not be kept; called when the connection is back.
  virtual void retry() = 0;
};

/// In a JetStream bucket, one key for the whole snapshot, so that it is never half written.
class KvContextStore : public ContextStore {
 public:
  KvContextStore(Bus& bus, Timers& timers, RunClock& clock, std::string bucket)
      : bus_(bus), timers_(timers), clock_(clock), bucket_(std::move(bucket)) {}
  ~KvContextStore() override { timers_.cancel(again_); }
  KvContextStore(const KvContextStore&) = delete;
  KvContextStore& operator=(const KvContextStore&) = delete;

  void load(OnResult<std::optional<proto::Snapshot>> on_result) override;
  void put(const proto::Snapshot& snapshot) override;
  bool settled() const override { return !in_flight_ && !waiting_; }
  void retry() override;

 private:
  void send(std::string text);

  Bus& bus_;
  Timers& timers_;
  RunClock& clock_;
  std::string bucket_;
  TimerId again_;
  bool in_flight_ = false;
  std::optional<std::string> waiting_;  // the newest that came while one was in flight
};

/// For runs that start from nothing each time.
class MemoryContextStore : public ContextStore {
 public:
  void load(OnResult<std::optional<proto::Snapshot>> on_result) override { on_result(kept_); }
  void put(const proto::Snapshot& snapshot) override { kept_ = snapshot; }
  bool settled() const override { return true; }
  void retry() override {}

 private:
  std::optional<proto::Snapshot> kept_;
};

}  // namespace lc::supervisor
