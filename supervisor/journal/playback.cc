#include "supervisor/journal/playback.h"

#include <fmt/format.h>

#include <utility>

namespace lc::journal {
namespace {

constexpr std::string_view kLossKey = "\"loss\":";

// A first look, so that a checkpoint is not read twice for what it hardly ever has.
bool may_have_loss(std::string_view checkpoint) {
  return checkpoint.find(kLossKey) != std::string_view::npos;
}

}  // namespace

Playback::Playback(StreamId stream, EventSource events)
    : stream_(std::move(stream)), events_(std::move(events)) {}

void Playback::take(std::string_view text, std::optional<StreamSeq> at) {
  if (auto status = read(text, at); !status) {
    give_up(std::move(status.error()));
  }
}

void Playback::give_up(Error error) {
  if (failure_) {
    return;  // what comes behind the first failure is no wonder
  }
  failure_ = Failure{.record = end_.n, .error = std::move(error), .divergence = {}};
  if (replay_) {
    failure_->divergence = replay_->divergence();
  }
}

Status Playback::read(std::string_view text, std::optional<StreamSeq> at) {
  const bool is_first = end_.n == 0;
  const ChainEnd before = end_;
  end_.n = at ? at->value : end_.n + 1;
  auto record = parse_record(text, stream_);
  if (!record) {
    return within(is_first && !at ? "the first record" : fmt::format("record {}", end_.n),
                  std::move(record.error()));
  }
  if (is_first && !at) {
    end_.n = record->n;
  }
  const StreamSeq seq{end_.n};
  if (failure_) {
    end_ = {.n = seq.value, .hash = record->hash, .run = record->run, .checkpoint = record->n};
  } else {
    end_ = is_first ? ChainEnd{.n = record->n - 1, .hash = record->prev} : before;
    auto status = follow(end_, *record, seq);
    end_.n = seq.value;
    LC_TRY_STATUS(status);
  }
  return play(*record, text);
}

Status Playback::play(const Record& record, std::string_view text) {
  std::optional<std::string> checkpoint;
  if (record.kind == RecordKind::checkpoint) {
    if (auto whole = parts_.add(record)) {
      checkpoint = *std::move(whole);
    }
  }
  Status status;
  if (replay_ && !failure_) {
    status = replay_->take(record, text, {record.n}, events_);
    replayed_ += status ? 1 : 0;
  }
  if (!status) {
    give_up(std::move(status.error()));
  }
  const bool has_begun = replay_ || failure_;
  if (!checkpoint || (has_begun && !may_have_loss(*checkpoint))) {
    passed_ += has_begun ? 0 : 1;
    return {};
  }
  return start(*checkpoint, record);
}

Status Playback::start(std::string_view checkpoint, const Record& record) {
  LC_TRY(CheckpointBody body, parse_checkpoint(checkpoint, stream_));
  const std::int64_t number = record.n - record.parts + 1;
  if (!body.loss.empty()) {
    losses_.push_back({.checkpoint = number, .what = body.loss, .failure = failure_});
  }
  if (replay_ && !failure_) {
    return {};  // it was met, and nothing stands against it
  }
  if (failure_ && body.loss.empty()) {
    return {};
  }
  ChainEnd end = end_;
  end.checkpoint = number;
  auto replay = Replay::from(std::move(body), record.settled, end, events_);
  if (!replay) {
    failure_.reset();  // the loss was accepted; this is another matter
    replay_.reset();
    return within(fmt::format("record {}: the queue of its checkpoint", record.n),
                  std::move(replay.error()));
  }
  failure_.reset();
  replay_.emplace(std::move(*replay));
  replay_->observe(after_);
  replay_->observe_before(before_);
  if (first_ == 0) {
    first_ = number;
    passed_ -= record.parts - 1;
  }
  replayed_ += record.parts;
  return {};
}

}  // namespace lc::journal
