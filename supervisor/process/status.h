#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "proto/order.h"

namespace lc::process {

inline constexpr std::size_t kStatusLineBytesMax = std::size_t{16} << 10;

/// What a worker says on descriptor 3, one JSON object a line: `{"state":"ready","missing":[]}`,
/// `{"state":"standby","missing":[]}`, `{"state":"taken","slice":7,"attempt":1,"tag":"..."}`,
/// `{"state":"answered"}`, `{"state":"progress"}` or `{"state":"failed","message":"..."}`.
struct WorkerStatus {
  enum class State { ready, standby, taken, answered, progress, failed } state = State::ready;
  std::string message;               // failed
  proto::Order order;                // taken
  std::vector<std::string> missing;  // ready, standby: of its sandbox, for want of a kernel's help

  bool operator==(const WorkerStatus&) const = default;
};

/// Errors: invalid_input - not such an object.
Result<WorkerStatus> parse_status(std::string_view line);

/// Cuts a stream of bytes into lines.
class LineCutter {
 public:
  /// The lines that `bytes` completed, without their line feeds.
  ///
  /// Errors: overloaded - a line grew over kStatusLineBytesMax; nothing more can be read.
  Result<std::vector<std::string>> add(std::string_view bytes);

 private:
  std::string rest_;
};

}  // namespace lc::process
