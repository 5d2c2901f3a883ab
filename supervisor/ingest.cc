#include "supervisor/ingest.h"

#include "common/json.h"
#include "proto/error_reasons.h"

namespace lc::supervisor {
namespace {

constexpr std::size_t kShownBytesMax = 512;  // of a refused event, in its report

proto::ErrorReport refuse(const BusMessage& message, WallTime now, const IngestRules& rules,
                          std::string_view reason, std::string words) {
  proto::ErrorReport report{.ts = now, .stream = rules.stream, .reason = std::string(reason)};
  report.message = std::move(words);
  report.detail.clear();
  JsonWriter(report.detail)
      .begin_object()
      .key("seq")
      .number(message.seq.value)
      .key("bytes")
      .number(static_cast<std::int64_t>(message.data.size()))
      .key("shown")
      .string(printable(message.data.substr(0, kShownBytesMax)))
      .end_object();
  return report;
}

}  // namespace

std::string printable(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte >= 0x20 && byte < 0x7f ? c : '?';
  }
  return out;
}

Ingested ingest(const BusMessage& message, WallTime now, const IngestRules& rules) {
  auto event = proto::parse_event(message.data, rules.validation);
  if (!event) {
    return refuse(message, now, rules, proto::kReasonEventInvalid, event.error().message);
  }
  if (event->stream != rules.stream) {
    return refuse(message, now, rules, proto::kReasonEventWrongStream,
                  "stream_id '" + event->stream.value + "' on the subject of stream '" +
                      rules.stream.value + "'");
  }
  if (rules.clock == proto::ClockMode::wall) {
    if (auto in_time = proto::check_event_time(*event, now, rules.validation); !in_time) {
      const std::string_view reason =
          event->ts > now ? proto::kReasonEventTooFarAhead : proto::kReasonEventInvalid;
      return refuse(message, now, rules, reason, in_time.error().message);
    }
  }
  std::string text = proto::write_event(*event);
  return engine::EventArrived{now, message.seq, event->ts, std::move(event->kind), std::move(text)};
}

}  // namespace lc::supervisor
