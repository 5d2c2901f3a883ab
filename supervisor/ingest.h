#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "common/bus.h"
#include "common/ids.h"
#include "common/time.h"
#include "proto/config.h"
#include "proto/error_report.h"
#include "proto/event.h"
#include "supervisor/engine/input.h"

namespace lc::supervisor {

/// What every event of a stream is judged by.
struct IngestRules {
  StreamId stream;
  proto::EventValidation validation;
  proto::ClockMode clock = proto::ClockMode::wall;  // the event clock does not look at the time
};

/// An event fit for the engine, or the report of why it is refused.
using Ingested = std::variant<engine::EventArrived, proto::ErrorReport>;

/// `bytes` with everything but printable ASCII shown as `?`: for quoting what somebody sent.
std::string printable(std::string_view bytes);

/// Judges one message of the events stream; a refused event never stops the slice.
Ingested ingest(const BusMessage& message, WallTime now, const IngestRules& rules);

}  // namespace lc::supervisor
