#include "proto/error_report.h"

#include "common/json.h"
#include "proto/reader.h"

namespace lc::proto {
namespace {

constexpr std::size_t kReasonBytesMax = 50;

// A reason is a stable word; newer senders may know words that we do not.
std::string read_reason(ObjectReader& reader) {
  std::string reason = reader.text("reason", {.min = 1, .max = kReasonBytesMax});
  if (reason.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string::npos) {
    reader.problem("reason", "is \"" + shorten(reason) + "\"; it must match [a-z0-9_]{1,50}");
  }
  return reason;
}

}  // namespace

Result<ErrorReport> parse_error_report(std::string_view text) {
  auto split = split_json_object(text);
  if (!split) {
    return within("error", split.error());
  }
  Problems problems;
  ObjectReader reader(std::move(split->fields), {}, problems);
  ErrorReport report;
  reader.constant("kind", "__error");
  report.ts = reader.time("ts");
  report.stream = reader.stream("stream");
  report.reason = read_reason(reader);
  report.message = reader.text("message");
  if (reader.has("crew")) {
    report.crew = reader.crew("crew");
  }
  if (reader.has("slice")) {
    report.slice = SliceIndex{reader.integer("slice", kAnyWireInt)};
  }
  report.detail = reader.object_text("detail");
  reader.finish();
  if (!problems.empty()) {
    return problems.error("error");
  }
  return report;
}

std::string write_error_report(const ErrorReport& report) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object().key("kind").string("__error");
  writer.key("ts").string(format_rfc3339(report.ts));
  writer.key("stream").string(report.stream.value);
  writer.key("reason").string(report.reason);
  writer.key("message").string(valid_utf8(report.message));
  if (report.crew) {
    writer.key("crew").string(report.crew->value);
  }
  if (report.slice) {
    writer.key("slice").number(report.slice->value);
  }
  writer.key("detail").raw(report.detail).end_object();
  return out;
}

}  // namespace lc::proto
