#include "supervisor/scribe.h"

#include <algorithm>
#include <utility>

namespace lc::supervisor {
namespace {

constexpr std::int64_t kPayloadDefault = 1 << 20;  // until the server has told its own
constexpr std::int64_t kHeaderBytesMax = 1'024;    // of a message, beside its text
constexpr std::size_t kIdCharsMax = 32;

}  // namespace

Scribe::Scribe(Options options, Bus& bus, JournalLog& log, Departures& departures,
               FaultPoints& faults)
    : options_(std::move(options)),
      bus_(bus),
      log_(log),
      departures_(departures),
      faults_(faults) {}

std::int64_t Scribe::start(engine::EngineOptions options, JournalStart start) {
  engine::Checkpoint state =
      std::exchange(options.resume, std::nullopt).value_or(engine::Checkpoint{});
  engine_options_ = std::move(options);
  recorder_.emplace(options_.stream, engine_options_.clock, start.end);
  log_.start(start.end.n);
  departures_.start(start.settled);
  append_checkpoint(std::move(state), start.why, std::move(start.loss), std::move(start.letters));
  return recorder_->end().n;
}

std::int64_t Scribe::note(const engine::Input& input, const engine::Effects& effects,
                          std::string_view note) {
  recorder_->note(input, effects, note);
  if (std::holds_alternative<engine::EventArrived>(input)) {
    ++events_;
  }
  return recorder_->end().n + (recorder_->has_draft() ? 1 : 0);
}

void Scribe::settle(const engine::Engine& engine, MonoTime now) {
  if (recorder_->is_due()) {
    append_record();
  }
  if (!checkpoint_at_) {
    checkpoint_at_ = now;
  }
  const Micros age = now - *checkpoint_at_;
  const bool is_old = age >= (records_ > 0 ? kCheckpointAge : kCheckpointAgeIdle);
  const bool is_far = records_ >= kRecordsPerCheckpoint || events_ >= kEventsPerCheckpoint;
  if ((is_far || is_old) && !recorder_->has_draft()) {
    append_checkpoint(engine.checkpoint(), journal::CheckpointWhy::periodic, {},
                      departures_.open());
  }
}

void Scribe::leave(const engine::Engine& engine) {
  if (recorder_->has_draft()) {
    append_record();
  }
  if (records_ > 0 || has_letters_) {
    append_checkpoint(engine.checkpoint(), journal::CheckpointWhy::stop, {}, departures_.open());
  }
}

void Scribe::append_record() {
  append(recorder_->take(departures_.settled()));
  ++records_;
}

void Scribe::append_checkpoint(engine::Checkpoint state, journal::CheckpointWhy why,
                               std::string loss, std::vector<journal::Letter> letters) {
  has_letters_ = !letters.empty();
  journal::CheckpointBody body{.why = why,
                               .by = options_.author,
                               .loss = std::move(loss),
                               .strict_events = options_.strict_events,
                               .options = engine_options_,
                               .state = std::move(state),
                               .queued = {},
                               .letters = std::move(letters)};
  const std::int64_t payload_max = bus_.max_payload() > 0 ? bus_.max_payload() : kPayloadDefault;
  const auto bytes_max = static_cast<std::size_t>(payload_max - kHeaderBytesMax);
  for (std::string& text : recorder_->take_checkpoint(journal::write_checkpoint(body),
                                                      departures_.settled(), bytes_max)) {
    append(std::move(text));
    faults_.pass("checkpoint");
  }
  records_ = 0;
  events_ = 0;
  checkpoint_at_.reset();
}

void Scribe::append(std::string text) {
  std::string id(journal::seal_of(text).substr(0, kIdCharsMax));
  log_.append(std::move(text), std::move(id));
  faults_.pass("appended");
}

}  // namespace lc::supervisor
