#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/ids.h"
#include "common/result.h"
#include "common/time.h"

namespace lc::proto {

/// Something that went wrong and that an operator may act on, as kind `__error` on `live.S.errors`.
///
/// `reason` is one of the stable words in proto/README.md; `detail` is a JSON object of facts.
/// Source: proto/schemas/error.json.
struct ErrorReport {
  WallTime ts;
  StreamId stream;
  std::string reason;
  std::string message;  // words for a person
  std::optional<CrewId> crew;
  std::optional<SliceIndex> slice;
  std::string detail = "{}";

  bool operator==(const ErrorReport&) const = default;
};

Result<ErrorReport> parse_error_report(std::string_view text);
std::string write_error_report(const ErrorReport& report);

}  // namespace lc::proto
