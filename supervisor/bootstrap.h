#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "common/bus.h"
#include "common/ids.h"
#include "proto/context.h"
#include "supervisor/context_store.h"
#include "supervisor/epoch.h"

namespace lc::supervisor {

/// What a stream holds when a supervisor comes to it.
struct StreamState {
  StreamInfo events;
  std::optional<Epoch> epoch;             // absent: no event was ever accepted
  std::optional<proto::Snapshot> resume;  // the last stored context
};

struct BootstrapOptions {
  StreamId stream;
  std::int64_t slice_ms = 500;
  StreamSpec::Storage storage = StreamSpec::Storage::file;
  int replicas = 1;  // of what is created
};

/// The stream of a stream's events: full means that producers are refused, so that they learn of
/// it.
StreamSpec events_stream_spec(const StreamId& stream, int replicas = 1);

/// Creates what is missing of a stream's JetStream streams and bucket, then reads where it stands.
///
/// Errors: conflict - the stream has another slice_ms; corrupt - stored data cannot be read;
/// unavailable - the server does not answer.
void bootstrap(Bus& bus, ContextStore& store, const BootstrapOptions& options,
               OnResult<StreamState> on_result);

/// Creates the stream's epoch, or takes the one that somebody else has just created.
void create_epoch(Bus& bus, const StreamId& stream, const Epoch& epoch, OnResult<Epoch> on_result);

}  // namespace lc::supervisor
