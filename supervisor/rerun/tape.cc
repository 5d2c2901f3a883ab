#include "supervisor/rerun/tape.h"

#include <algorithm>
#include <utility>

#include "common/json.h"
#include "proto/error_reasons.h"
#include "proto/parts.h"
#include "proto/reader.h"
#include "supervisor/journal/checkpoint_text.h"

namespace lc::rerun {
namespace {

using namespace engine;
using journal::CheckpointBody;
using journal::Record;
using journal::RecordKind;

// A first look, so that records are not read twice for what most of them do not have.
constexpr std::string_view kCheckpointMark = R"("kind":"checkpoint")";
constexpr std::string_view kModelMark = R"("model_calls)";

std::string settings_text(const EngineOptions& options) {
  return journal::write_checkpoint(
      {.by = {}, .loss = {}, .options = options, .state = {}, .queued = {}, .letters = {}});
}

bool was_refused(const Effects& effects) {
  return std::ranges::any_of(effects, [](const Effect& effect) {
    const auto* error = std::get_if<ReportError>(&effect);
    return error != nullptr && error->report.reason == proto::kReasonEventTooFarAhead;
  });
}

}  // namespace

TapeMaker::TapeMaker(journal::Playback& playback, StreamId stream) : playback_(playback) {
  tape_.stream = std::move(stream);
  playback_.observe_before([this](const Input&, const Engine& engine) { before_step(engine); });
  playback_.observe(
      [this](const Input& input, const Effects& effects) { on_step(input, effects); });
}

Status TapeMaker::on_record(std::string_view text) {
  const bool passed_over = had_failed_ && !playback_.failure();
  had_failed_ = playback_.failure().has_value();
  const bool is_checkpoint = text.find(kCheckpointMark) != std::string_view::npos;
  if (had_failed_ || (!is_checkpoint && text.find(kModelMark) == std::string_view::npos)) {
    return {};
  }
  LC_TRY(const Record record, journal::parse_record(text, tape_.stream));
  if (record.kind != RecordKind::checkpoint) {
    return add_model_calls(record);
  }
  LC_TRY(auto checkpoint, read_checkpoint(record));
  if (!checkpoint || playback_.replay() == nullptr) {
    return {};
  }
  const bool new_epoch = checkpoint->why == journal::CheckpointWhy::epoch;
  if (tape_.stretches.empty() || new_epoch || passed_over) {
    begin_stretch(std::move(*checkpoint));
    tape_.stretches.back().record = record.n - record.parts + 1;
  } else if (std::string now = settings_text(playback_.replay()->options()); now != settings_) {
    settings_ = std::move(now);
    tape_.stretches.back().items.push_back(
        {NewSettings{playback_.replay()->options()}, playback_.replay()->engine().open_slice()});
  }
  return {};
}

Result<std::optional<CheckpointBody>> TapeMaker::read_checkpoint(const Record& record) {
  const auto text = parts_.add(record);
  if (!text || !*text) {
    return std::nullopt;  // parts without a beginning: the playback knows what to make of them
  }
  LC_TRY(CheckpointBody body, journal::parse_checkpoint(**text, tape_.stream));
  return std::optional(std::move(body));
}

// What was known before an engine was made of it: the engine tells what that changes when somebody
// takes the stream up.
void TapeMaker::begin_stretch(CheckpointBody checkpoint) {
  const journal::Replay& replay = *playback_.replay();
  Stretch stretch{.options = replay.options(),
                  .state = std::move(checkpoint.state),
                  .run = replay.end().run,
                  .items = {},
                  .answers = {},
                  .model_calls = {}};
  stretch.state.queue = replay.engine().checkpoint().queue;
  answered_.clear();
  ordered_.clear();
  for (const proto::Ready& ready : in_flight(stretch.state)) {
    ordered_[{ready.crew, ready.slice, ready.attempt}] = ready.lamport;
  }
  for (const Answer& answer : stretch.state.answers) {
    if (const auto* done = std::get_if<ReactionDone>(&answer)) {
      answered_[{done->crew, done->slice, done->attempt}] = {*done};
    } else if (const auto* failed = std::get_if<ReactionFailed>(&answer)) {
      answered_[{failed->crew, failed->slice, failed->attempt}] = {*failed};
    }
  }
  settings_ = settings_text(stretch.options);
  tape_.stretches.push_back(std::move(stretch));
}

Status TapeMaker::add_model_calls(const Record& record) {
  for (const journal::RecordedInput& input : record.inputs) {
    const auto* told = std::get_if<Input>(&input.what);
    if (told == nullptr || input.note.empty() || tape_.stretches.empty()) {
      continue;
    }
    LC_TRY(proto::ModelCalls calls, model_calls_of(input.note));
    if (calls.calls.empty() && calls.dropped == 0) {
      continue;
    }
    proto::CassetteEntry entry{
        .crew = {}, .slice = {}, .attempt = {}, .model_calls = std::move(calls)};
    if (const auto* done = std::get_if<ReactionDone>(told)) {
      std::tie(entry.crew, entry.slice, entry.attempt) =
          std::tie(done->crew, done->slice, done->attempt);
    } else if (const auto* failed = std::get_if<ReactionFailed>(told)) {
      std::tie(entry.crew, entry.slice, entry.attempt) =
          std::tie(failed->crew, failed->slice, failed->attempt);
    }
    tape_.stretches.back().model_calls.push_back(std::move(entry));
  }
  return {};
}

void TapeMaker::on_step(const Input& input, const Effects& effects) {
  if (tape_.stretches.empty()) {
    return;
  }
  if (const auto* event = std::get_if<EventArrived>(&input)) {
    add_event(*event, effects);
  } else if (const auto* done = std::get_if<ReactionDone>(&input)) {
    answered_[{done->crew, done->slice, done->attempt}] = {*done};
  } else if (const auto* failed = std::get_if<ReactionFailed>(&input)) {
    answered_[{failed->crew, failed->slice, failed->attempt}] = {*failed};
  } else if (!std::holds_alternative<Tick>(input) && !std::holds_alternative<ReactionLost>(input)) {
    add_item(input, open_);  // in lock-step no host goes, and time is that of the events
  }
  for (const Effect& effect : effects) {
    on_effect(effect);
  }
}

void TapeMaker::on_effect(const Effect& effect) {
  if (const auto* dispatch = std::get_if<Dispatch>(&effect)) {
    const proto::Ready& ready = dispatch->ready;
    ordered_[{ready.crew, ready.slice, ready.attempt}] = ready.lamport;
  } else if (const auto* ended = std::get_if<ReactionEnded>(&effect)) {
    on_ended(*ended);
  }
}

void TapeMaker::on_ended(const ReactionEnded& ended) {
  const ReactionKey key = {ended.crew, ended.slice, ended.attempt};
  TapedAnswer answer{ReactionFailed{.crew = ended.crew,
                                    .slice = ended.slice,
                                    .attempt = ended.attempt,
                                    .outcome = ended.outcome}};
  if (auto found = answered_.extract(key)) {
    answer = std::move(found.mapped());
  }
  if (const auto order = ordered_.extract(key)) {
    if (const auto* done = std::get_if<ReactionDone>(&answer.outcome)) {
      // A worker may have said what it likes; the engine bounds what it believes.
      answer.lamport_step =
          std::clamp(done->lamport.value, -proto::kWireIntMax, proto::kWireIntMax) -
          order.mapped().value;
    }
  }
  tape_.stretches.back().answers[{ended.crew, ended.slice}].push_back(std::move(answer));
}

void TapeMaker::add_event(const EventArrived& event, const Effects& effects) {
  if (was_refused(effects)) {
    ++tape_.refused;
    return;
  }
  ++tape_.events;
  SliceIndex slice = open_;
  for (const Effect& effect : effects) {
    if (const auto* binned = std::get_if<EventBinned>(&effect)) {
      slice = binned->seq == event.seq ? binned->slice : slice;
    }
  }
  add_item(event, slice);
}

void TapeMaker::add_item(Input input, SliceIndex slice) {
  std::visit([](auto& each) { each.now = {}; }, input);
  tape_.stretches.back().items.push_back({std::move(input), slice});
}

Result<Tape> TapeMaker::take() {
  if (tape_.stretches.empty()) {
    return fail(ErrorCode::corrupt, "there is no whole checkpoint to begin with");
  }
  for (Stretch& stretch : tape_.stretches) {
    if (stretch.options.clock == proto::ClockMode::wall) {
      // Whatever the end of an input closed there is closed in order here.
      std::erase_if(stretch.items, [](const TapeItem& item) {
        const auto* input = std::get_if<Input>(&item.what);
        return input != nullptr && std::holds_alternative<InputEnded>(*input);
      });
      std::ranges::stable_sort(stretch.items, {}, &TapeItem::slice);
    }
  }
  tape_.run = playback_.end().run;
  return std::move(tape_);
}

std::vector<proto::Ready> in_flight(const Checkpoint& state) {
  std::vector<proto::Ready> orders;
  for (const auto& [id, crew] : state.crews) {
    if (crew.in_flight && !crew.in_flight->answered) {
      orders.push_back(crew.in_flight->ready);
    }
  }
  return orders;
}

Result<proto::ModelCalls> model_calls_of(std::string_view note) {
  LC_TRY(JsonFields split, split_json_object(note));
  proto::Problems problems;
  proto::ObjectReader reader(std::move(split.fields), {}, problems);
  proto::ModelCalls calls = proto::read_model_calls(reader);
  if (!problems.empty()) {
    return fail(ErrorCode::corrupt, problems.error("the note of a reaction").error().message);
  }
  return calls;
}

}  // namespace lc::rerun
