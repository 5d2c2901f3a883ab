#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/json.h"
#include "common/result.h"

namespace lc::supervisor {

/// What the admin API asks of the supervisor.
struct AdminHooks {
  std::function<Json()> status;
  std::function<std::string()> metrics;  // Prometheus text
  std::function<Json()> crews;
  std::function<Result<Json>(const CrewId&)> crew;  // one, with its last kill report
  std::function<Status(const CrewId&)> enable;
  std::function<Status(const CrewId&)> disable;
};

/// Answers one JSON-RPC 2.0 request: methods `status`, `metrics`, `crew.list`, and with params
/// `{"crew": "..."}` `crew.show`, `crew.enable` and `crew.disable`.
///
/// Shape: a line in, a line out, without line feeds; a notification (no id) is answered with
/// nothing. Errors: in the answer, with the codes of JSON-RPC 2.0; -32000 carries an ErrorCode in
/// `data`.
std::string answer_admin(std::string_view line, const AdminHooks& hooks);

}  // namespace lc::supervisor
