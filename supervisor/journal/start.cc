#include "supervisor/journal/start.h"

#include <utility>
#include <variant>

namespace lc::journal {

void StartFinder::take(std::string_view text, StreamSeq seq) {
  const auto record = parse_record(text, stream_);
  if (!record) {
    start_ = start_.value_or(seq.value);
    sure_ = true;
    return;
  }
  if (record->kind == RecordKind::checkpoint) {
    take_checkpoint(*record);
    return;
  }
  for (const RecordedInput& input : record->inputs) {
    const auto* run = std::get_if<EventRun>(&input.what);
    if (run == nullptr) {
      continue;
    }
    if (run->first < first_event_) {
      start_.reset();
    } else if (start_) {
      sure_ = true;
    }
  }
}

void StartFinder::take_checkpoint(const Record& record) {
  const auto whole = parts_.add(record);
  if (!whole || !*whole || start_) {
    return;
  }
  const auto body = parse_checkpoint(**whole, stream_);
  const bool is_complete =
      !body || body->queued.empty() || body->queued.front().first >= first_event_;
  if (is_complete) {
    start_ = record.n - record.parts + 1;
  }
}

}  // namespace lc::journal
