#include "proto/host_report.h"

#include <utility>

#include "common/json.h"
#include "proto/parts.h"
#include "proto/slice.h"

namespace lc::proto {
namespace {

std::optional<Order> read_order_if(ObjectReader& reader) {
  const bool has_order = reader.has("slice") || reader.has("attempt") || reader.has("tag");
  return has_order ? std::optional(read_order(reader)) : std::nullopt;
}

void write_order_if(JsonWriter& writer, const std::optional<Order>& order) {
  if (order) {
    write_order(writer, *order);
  }
}

HostCrew read_crew(ObjectReader reader) {
  HostCrew crew;
  crew.crew = reader.crew("crew");
  crew.state = read_word(reader, "state", kWorkerStates);
  crew.order = read_order_if(reader);
  if ((crew.state == WorkerState::reacting) != crew.order.has_value()) {
    reader.problem("state", "is 'reacting' if and only if there is an order");
  }
  reader.finish();
  return crew;
}

HostFailure read_failure(ObjectReader reader) {
  HostFailure failure;
  failure.id = reader.integer("id", kCountFromOne);
  failure.crew = reader.crew("crew");
  failure.phase = read_word(reader, "phase", kFailurePhases);
  failure.order = read_order_if(reader);
  if ((failure.phase == FailurePhase::reacting) != failure.order.has_value()) {
    reader.problem("phase", "is 'reacting' if and only if there is an order");
  }
  failure.outcome = read_word(reader, "outcome", kOutcomes);
  failure.detail = reader.text("detail");
  if (reader.has("excuse")) {
    failure.excuse = reader.text("excuse", {.min = 1});
  }
  if (reader.has("worker")) {
    failure.worker = reader.object_text("worker");
  }
  reader.finish();
  return failure;
}

void write_failure(JsonWriter& writer, const HostFailure& failure) {
  writer.begin_object().key("id").number(failure.id);
  writer.key("crew").string(failure.crew.value);
  writer.key("phase").string(to_string(failure.phase));
  write_order_if(writer, failure.order);
  writer.key("outcome").string(to_string(failure.outcome));
  writer.key("detail").string(valid_utf8(failure.detail));
  if (!failure.excuse.empty()) {
    writer.key("excuse").string(failure.excuse);
  }
  if (!failure.worker.empty()) {
    writer.key("worker").raw(failure.worker);
  }
  writer.end_object();
}

}  // namespace

std::string_view to_string(WorkerState state) {
  switch (state) {
    case WorkerState::down:
      return "down";
    case WorkerState::ready:
      return "ready";
    case WorkerState::reacting:
      return "reacting";
  }
  return "down";
}

std::string_view to_string(FailurePhase phase) {
  switch (phase) {
    case FailurePhase::starting:
      return "starting";
    case FailurePhase::resting:
      return "resting";
    case FailurePhase::reacting:
      return "reacting";
  }
  return "resting";
}

Result<HostReport> parse_host_report(std::string_view text) {
  auto split = split_json_object(text);
  if (!split) {
    return within("host report", split.error());
  }
  Problems problems;
  ObjectReader reader(std::move(split->fields), {}, problems);
  HostReport report;
  reader.constant("kind", "__host");
  reader.version();
  report.stream = reader.stream("stream");
  report.host = reader.text("host");
  report.boot_id = reader.text("boot_id", kBootIdLength);
  report.seq = reader.integer("seq", kCountFromOne);
  if (reader.has("leaving")) {
    report.is_leaving = reader.any("leaving") == "true";
    if (!report.is_leaving) {
      reader.problem("leaving", "can only be true");
    }
  }
  read_each(reader, "crews",
            [&report](ObjectReader item) { report.crews.push_back(read_crew(std::move(item))); });
  read_each(reader, "failures", [&report](ObjectReader item) {
    report.failures.push_back(read_failure(std::move(item)));
  });
  if (report.failures.size() > kHostFailuresMax) {
    reader.problem("failures", "has more than 32 entries");
  }
  reader.finish();
  if (!problems.empty()) {
    return problems.error("host report");
  }
  return report;
}

std::string write_host_report(const HostReport& report) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object().key("kind").string("__host").key("v").number(kWireVersion);
  writer.key("stream").string(report.stream.value);
  writer.key("host").string(valid_utf8(report.host));
  writer.key("boot_id").string(report.boot_id).key("seq").number(report.seq);
  if (report.is_leaving) {
    writer.key("leaving").boolean(true);
  }
  writer.key("crews").begin_array();
  for (const HostCrew& crew : report.crews) {
    writer.begin_object().key("crew").string(crew.crew.value);
    writer.key("state").string(to_string(crew.state));
    write_order_if(writer, crew.order);
    writer.end_object();
  }
  writer.end_array().key("failures").begin_array();
  for (const HostFailure& failure : report.failures) {
    write_failure(writer, failure);
  }
  writer.end_array().end_object();
  return out;
}

}  // namespace lc::proto
