#pragma once

#include <optional>
#include <string>

#include "common/bus.h"
#include "proto/context.h"

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

  /// Sends again what could not be kept; called when the connection is back.
  virtual void retry() = 0;
};

/// In a JetStream bucket, one key for the whole snapshot, so that it is never half written.
class KvContextStore : public ContextStore {
 public:
  KvContextStore(Bus& bus, std::string bucket) : bus_(bus), bucket_(std::move(bucket)) {}

  void load(OnResult<std::optional<proto::Snapshot>> on_result) override;
  void put(const proto::Snapshot& snapshot) override;
  bool settled() const override { return !in_flight_ && !waiting_; }
  void retry() override;

 private:
  void send(std::string text);

  Bus& bus_;
  std::string bucket_;
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
