#include "supervisor/journal/letters.h"

#include <fmt/format.h>

#include "proto/action.h"
#include "proto/error_report.h"

namespace lc::journal {

std::optional<Letter> letter_of(const engine::Effect& effect, const StreamId& stream,
                                std::int64_t record, std::int64_t& errors) {
  if (const auto* action = std::get_if<engine::PublishAction>(&effect)) {
    return Letter{.record = record,
                  .to = Letter::To::actions,
                  .msg_id = action->msg_id,
                  .data = proto::write_action(action->action),
                  .expires = action->action.ts + millis(action->action.ttl_ms)};
  }
  if (const auto* error = std::get_if<engine::ReportError>(&effect)) {
    return Letter{.record = record,
                  .to = Letter::To::errors,
                  .msg_id = fmt::format("{}.j{}.{}", stream.value, record, errors++),
                  .data = proto::write_error_report(published(*error)),
                  .expires = {}};
  }
  return std::nullopt;
}

std::string_view to_string(Letter::To to) {
  return to == Letter::To::actions ? "actions" : "errors";
}

}  // namespace lc::journal
