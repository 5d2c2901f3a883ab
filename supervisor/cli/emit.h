#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include "common/ids.h"

namespace lc::cli {

enum class EmitTimes { as_written, from_now };

struct EmitOptions {
  StreamId stream;
  std::string nats_url;
  std::string file;             // `-` for standard input
  std::optional<double> speed;  // times real time, by the events' ts; absent: as fast as it goes
  EmitTimes times = EmitTimes::as_written;
  int replicas = 1;              // of the stream, if it is not there yet
  std::int64_t patience_s = 30;  // for the connection, and for the last acknowledgements
};

/// Publishes events, one JSON object a line, into the stream and waits until all are acknowledged.
///
/// Lines that are no valid Event of the stream are reported as FILE:LINE and not sent; all others
/// are. Returns the exit code: 0, 65 when a line was refused, 69 when NATS is not there or did not
/// take everything, 66 when the file cannot be read.
int emit(const EmitOptions& options, std::FILE* err);

}  // namespace lc::cli
