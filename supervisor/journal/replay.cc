#include "supervisor/journal/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/text.h"
#include "proto/event.h"

namespace lc::journal {
namespace {

using namespace engine;

Result<EventArrived> read_event(const EventSource& events, StreamSeq seq, WallTime at,
                                bool strict) {
  LC_TRY(const std::string text, events(seq));
  auto event = proto::parse_event(text, {.strict_mode = strict});
  if (!event) {
    return fail(ErrorCode::corrupt,
                fmt::format("event {} of the stream is not the one that was taken: {}", seq.value,
                            event.error().message));
  }
  std::string canonical = proto::write_event(*event);
  return EventArrived{at, seq, event->ts, std::move(event->kind), std::move(canonical)};
}

}  // namespace

std::string Divergence::words() const {
  constexpr std::size_t kBefore = 60;
  constexpr std::size_t kShown = 240;
  const auto [left, right] = std::ranges::mismatch(recorded, replayed);
  const auto at = static_cast<std::size_t>(left - recorded.begin());
  const std::size_t from = at - std::min(at, kBefore);
  const auto show = [from](const std::string& text) {
    return from < text.size() ? valid_utf8(text.substr(from, kShown)) : "";
  };
  return fmt::format("from byte {} on, recorded `{}`, replayed `{}`", at, show(recorded),
                     show(replayed));
}

Result<std::optional<std::string>> CheckpointParts::add(const Record& record) {
  if (record.part == 1) {
    text_.clear();
    taken_ = 0;
  }
  if (record.part != taken_ + 1 || record.part > record.parts) {
    return fail(ErrorCode::corrupt,
                fmt::format("record {} is part {} of {} of a checkpoint, part {} was expected",
                            record.n, record.part, record.parts, taken_ + 1));
  }
  text_ += record.piece;
  taken_ = record.part;
  return taken_ == record.parts ? std::optional(std::exchange(text_, {})) : std::nullopt;
}

Replay::Replay(CheckpointBody checkpoint, const Settled& settled, const ChainEnd& end)
    : strict_events_(checkpoint.strict_events),
      options_(checkpoint.options),
      engine_([&checkpoint] {
        EngineOptions options = std::move(checkpoint.options);
        options.resume = std::move(checkpoint.state);
        return Engine(std::move(options));
      }()),
      end_(end),
      recorder_(options_.stream, options_.clock, end),
      settled_(settled),
      letters_(checkpoint.letters.begin(), checkpoint.letters.end()) {}

Result<Replay> Replay::from(CheckpointBody checkpoint, const Settled& settled, const ChainEnd& end,
                            const EventSource& events) {
  for (const EventRun& run : checkpoint.queued) {
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(run.at.size()); ++i) {
      LC_TRY(EventArrived event,
             read_event(events, {run.first.value + i}, {}, checkpoint.strict_events));
      checkpoint.state.queue.push_back(std::move(event));
    }
  }
  return Replay(std::move(checkpoint), settled, end);
}

Status Replay::take(const Record& record, std::string_view text, StreamSeq seq,
                    const EventSource& events) {
  LC_TRY_STATUS(follow(end_, record, seq));
  if (record.kind == RecordKind::checkpoint) {
    return take_checkpoint(record);
  }
  errors_ = 0;
  for (const RecordedInput& input : record.inputs) {
    LC_TRY_STATUS(feed(input, record.n, events));
  }
  settle(record.settled);
  const std::string again = recorder_.take(record.settled, Sealed{text, record.hash});
  if (again != text) {
    divergence_ = Divergence{record.n, std::string(text), again};
    return fail(ErrorCode::corrupt,
                fmt::format("record {} is not what this program decides from the same inputs: {}",
                            record.n, divergence_->words()));
  }
  return {};
}

void Replay::settle(const Settled& settled) {
  settled_ = settled;
  while (!letters_.empty() && letters_.front().record <= settled_.record) {
    letters_.pop_front();
  }
}

Status Replay::take_checkpoint(const Record& record) {
  settle(record.settled);
  recorder_ = Recorder(options_.stream, options_.clock, end_);
  LC_TRY(const auto text, parts_.add(record));
  if (!text) {
    return {};
  }
  LC_TRY(CheckpointBody checkpoint, parse_checkpoint(*text, options_.stream));
  return meet(std::move(checkpoint), record.n);
}

Status Replay::meet(CheckpointBody checkpoint, std::int64_t record) {
  if (checkpoint.why == CheckpointWhy::epoch) {
    StepObserver observer = std::move(observer_);
    BeforeStep before = std::move(before_);
    *this = Replay(std::move(checkpoint), settled_, end_);
    observer_ = std::move(observer);
    before_ = std::move(before);
    return {};
  }
  const SliceIndex open = checkpoint.state.snapshot.slice;
  if (const auto due = engine_.next_deadline(); due && engine_.open_slice() < open) {
    const std::int64_t slices = open.value - engine_.open_slice().value - 1;
    step(Tick{*due + Micros{slices * options_.slice_ms * 1000}}, {}, record);
  }
  engine::Checkpoint known = engine_.checkpoint();
  const std::string recorded = write_state(checkpoint.state, checkpoint.queued);
  const std::string replayed = write_state(known, queued_runs(known));
  if (recorder_.has_draft() || recorded != replayed) {
    divergence_ = Divergence{record, recorded, replayed};
    return fail(ErrorCode::corrupt,
                fmt::format("the checkpoint of record {} is not what this program knows there: {}",
                            record, divergence_->words()));
  }
  options_ = checkpoint.options;
  strict_events_ = checkpoint.strict_events;
  EngineOptions options = std::move(checkpoint.options);
  options.resume = std::move(known);
  engine_ = Engine(std::move(options));
  recorder_ = Recorder(options_.stream, options_.clock, end_);
  return {};
}

Status Replay::feed(const RecordedInput& input, std::int64_t record, const EventSource& events) {
  if (const auto* run = std::get_if<EventRun>(&input.what)) {
    return feed_run(*run, record, events);
  }
  step(std::get<Input>(input.what), input.note, record);
  return {};
}

Status Replay::feed_run(const EventRun& run, std::int64_t record, const EventSource& events) {
  for (std::size_t i = 0; i < run.at.size(); ++i) {
    const StreamSeq seq{run.first.value + static_cast<std::int64_t>(i)};
    LC_TRY(EventArrived event, read_event(events, seq, run.at[i], strict_events_));
    step(std::move(event), {}, record);
  }
  return {};
}

void Replay::step(const Input& input, std::string_view note, std::int64_t record) {
  if (before_) {
    before_(input, engine_);
  }
  const Effects effects = engine_.step(input);
  recorder_.note(input, effects, note);
  for (const Effect& effect : effects) {
    if (auto letter = letter_of(effect, options_.stream, record, errors_)) {
      letters_.push_back(std::move(*letter));
    }
  }
  if (observer_) {
    observer_(input, effects);
  }
}

}  // namespace lc::journal
