#include "supervisor/journal/export.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

namespace lc::journal {
namespace {

constexpr std::int64_t kMissingShownMax = 20;

}  // namespace

Export::Export(StreamId stream, EventSource events)
    : stream_(std::move(stream)), events_(std::move(events)) {}

Result<std::string> Export::take(std::string_view text, std::optional<StreamSeq> at) {
  auto record = parse_record(text, stream_);
  if (!record) {
    return within(fmt::format("record {}", at ? at->value : end_.n + 1), std::move(record.error()));
  }
  LC_TRY_STATUS(place(*record, at));
  missing_.clear();
  missing_count_ = 0;
  LC_TRY(std::string lines, events_of(*record));
  if (missing_count_ > 0) {
    return fail(ErrorCode::corrupt,
                fmt::format("record {} names events that are gone from their stream: {}{}",
                            record->n, missing_, missing_count_ > kMissingShownMax ? ", ..." : ""));
  }
  return lines + writer_.record(text);
}

Status Export::place(const Record& record, std::optional<StreamSeq> at) {
  if (end_.n == 0) {
    end_ = {.n = record.n - 1, .hash = record.prev};
  }
  return follow(end_, record, at.value_or(StreamSeq{end_.n + 1}));
}

// A reader may begin at the first checkpoint, or at one that gave something up: what waits in its
// queue stands before it, once more if need be.
Result<std::string> Export::events_of(const Record& record) {
  std::string lines;
  if (record.kind != RecordKind::checkpoint) {
    for (const RecordedInput& input : record.inputs) {
      if (const auto* run = std::get_if<EventRun>(&input.what)) {
        LC_TRY_STATUS(add_run(*run, Named::now, lines));
      }
    }
    return lines;
  }
  const auto whole = parts_.add(record);
  if (!whole || !*whole) {
    return lines;
  }
  LC_TRY(const CheckpointBody body, parse_checkpoint(**whole, stream_));
  if (!has_start_ || !body.loss.empty()) {
    for (const EventRun& run : body.queued) {
      LC_TRY_STATUS(add_run(run, Named::before, lines));
    }
  }
  has_start_ = true;
  return lines;
}

Status Export::add_run(const EventRun& run, Named named, std::string& lines) {
  for (std::int64_t seq = run.first.value; seq <= run.last().value; ++seq) {
    if (named == Named::now && seq <= named_.value) {
      continue;
    }
    auto text = events_({seq});
    if (text) {
      LC_TRY(const std::string line, writer_.event({seq}, *text));
      lines += line;
      named_ = std::max(named_, StreamSeq{seq});
      continue;
    }
    if (text.error().code != ErrorCode::not_found) {
      return std::unexpected(std::move(text.error()));
    }
    if (++missing_count_ <= kMissingShownMax) {
      missing_ += fmt::format("{}{}", missing_.empty() ? "" : ", ", seq);
    }
  }
  return {};
}

}  // namespace lc::journal
