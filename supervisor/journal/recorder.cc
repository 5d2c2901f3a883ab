#include "supervisor/journal/recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/check.h"
#include "proto/context.h"
#include "supervisor/engine/effect_text.h"

namespace lc::journal {
namespace {

using namespace engine;

constexpr std::size_t kEnvelopeBytesMax = 1'024;  // of a part, around its piece
constexpr std::size_t kRecordBytesUsual = 1'024;

// What a slice in which nothing happened brings.
bool is_idle(const Effect& effect) {
  if (const auto* snapshot = std::get_if<PublishSnapshot>(&effect)) {
    return snapshot->change == SnapshotChange::same;
  }
  const auto* closed = std::get_if<SliceClosed>(&effect);
  return closed != nullptr && closed->events == 0 && closed->ready.empty();
}

bool is_on_time(const Effect& effect) {
  const auto* binned = std::get_if<EventBinned>(&effect);
  return binned != nullptr && !binned->orig_slice;
}

RecordKind kind_of(const Input& input) {
  if (std::holds_alternative<ReactionDone>(input) ||
      std::holds_alternative<ReactionFailed>(input) ||
      std::holds_alternative<ReactionLost>(input) || std::holds_alternative<IdleFailure>(input)) {
    return RecordKind::outcome;
  }
  if (std::holds_alternative<EnableCrew>(input) || std::holds_alternative<DisableCrew>(input)) {
    return RecordKind::order;
  }
  return RecordKind::slice;
}

void write_texts(JsonWriter& json, std::string_view key, const std::vector<std::string>& texts) {
  if (texts.empty()) {
    return;
  }
  json.key(key).begin_array();
  for (const std::string& text : texts) {
    json.string(text);
  }
  json.end_array();
}

void write_slice(JsonWriter& json, const SliceClosed& closed) {
  json.begin_object().key("slice").number(closed.slice.value);
  json.key("events").number(closed.events).key("ready").begin_array();
  for (const CrewId& crew : closed.ready) {
    json.string(crew.value);
  }
  json.end_array().key("waiting").begin_object();
  for (const CrewWaiting& waiting : closed.waiting) {
    json.key(waiting.crew.value).begin_array();
    for (const std::string& unmet : waiting.unmet) {
      json.string(unmet);
    }
    json.end_array();
  }
  json.end_object().end_object();
}

// The end of a piece of at most `bytes`, at a character's edge.
std::size_t piece_end(std::string_view text, std::size_t from, std::size_t bytes) {
  std::size_t end = std::min(text.size(), from + bytes);
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
    --end;
  }
  return end;
}

}  // namespace

Recorder::Recorder(StreamId stream, proto::ClockMode clock, ChainEnd end)
    : stream_(std::move(stream)), clock_(clock), end_(end) {}

void Recorder::note(const Input& input, const Effects& effects, std::string_view note) {
  const bool is_tick = std::holds_alternative<Tick>(input);
  const bool idle = std::ranges::all_of(effects, is_idle);
  const auto* event = std::get_if<EventArrived>(&input);
  if (event != nullptr) {
    add_event(*event);
    drafted_ = true;
  } else if (is_tick && idle && !drafted_) {
    inputs_ = {{.what = input, .note = {}}};  // an earlier idle tick is part of this one
    return;
  } else {
    inputs_.push_back({.what = input, .note = std::string(note)});
    drafted_ = true;
  }
  for (const Effect& effect : effects) {
    see(effect);
  }
  kind_ = kind_of(input);
  const bool decided = !std::ranges::all_of(effects, is_on_time);
  const bool waits = event != nullptr && (clock_ == proto::ClockMode::wall || !decided);
  due_ = due_ || !waits || events_ >= kEventsPerRecordMax;
}

void Recorder::add_event(const EventArrived& event) {
  EventRun* run = inputs_.empty() ? nullptr : std::get_if<EventRun>(&inputs_.back().what);
  if (run == nullptr || run->last().value + 1 != event.seq.value) {
    inputs_.push_back({.what = EventRun{.first = event.seq, .at = {}}, .note = {}});
    run = &std::get<EventRun>(inputs_.back().what);
  }
  run->at.push_back(event.now);
  ++events_;
}

void Recorder::see(const Effect& effect) {
  if (is_idle(effect) || is_on_time(effect)) {
    return;
  }
  end_.run = sha256_chained(end_.run, effect_text(effect));
  if (const auto* closed = std::get_if<SliceClosed>(&effect)) {
    did_.slices.push_back(*closed);
  } else if (const auto* late = std::get_if<EventBinned>(&effect)) {
    did_.late.push_back(*late);
  } else if (const auto* dispatch = std::get_if<Dispatch>(&effect)) {
    const proto::Ready& ready = dispatch->ready;
    did_.dispatched.push_back(
        fmt::format(R"(["{}",{},{}])", ready.crew.value, ready.slice.value, ready.attempt.value));
  } else if (const auto* action = std::get_if<PublishAction>(&effect)) {
    did_.actions.push_back(action->msg_id);
  } else if (const auto* error = std::get_if<ReportError>(&effect)) {
    did_.errors.push_back(error->report.reason);
  } else if (const auto* snapshot = std::get_if<PublishSnapshot>(&effect)) {
    did_.revision = snapshot->snapshot.revision;
    did_.context_hash = to_hex(sha256(proto::write_context(snapshot->snapshot.context)));
  }
}

void Recorder::write_did(JsonWriter& json) const {
  json.begin_object();
  if (!did_.slices.empty()) {
    json.key("slices").begin_array();
    for (const SliceClosed& closed : did_.slices) {
      write_slice(json, closed);
    }
    json.end_array();
  }
  if (!did_.late.empty()) {
    json.key("late").begin_array();
    for (const EventBinned& late : did_.late) {
      json.begin_object().key("seq").number(late.seq.value).key("slice").number(late.slice.value);
      json.key("orig_slice").number(late.orig_slice->value).end_object();
    }
    json.end_array();
  }
  if (!did_.dispatched.empty()) {
    json.key("dispatched").begin_array();
    for (const std::string& dispatched : did_.dispatched) {
      json.raw(dispatched);
    }
    json.end_array();
  }
  write_texts(json, "actions", did_.actions);
  write_texts(json, "errors", did_.errors);
  if (did_.revision) {
    json.key("ctx").begin_object().key("rev").number(did_.revision->value);
    json.key("hash").string(did_.context_hash).end_object();
  }
  json.end_object();
}

void Recorder::begin(JsonWriter& json, RecordKind kind, const Settled& settled) const {
  json.begin_object().key("v").number(kFormatVersion).key("stream").string(stream_.value);
  json.key("n").number(end_.n + 1).key("kind").string(to_string(kind));
  json.key("prev").string(to_hex(end_.hash)).key("checkpoint").number(end_.checkpoint);
  json.key("settled").begin_object().key("record").number(settled.record);
  json.key("action_seq").number(settled.action_seq.value).end_object();
  json.key("run").string(to_hex(end_.run));
}

std::string Recorder::finish(std::string text, const std::optional<Sealed>& written) {
  ++end_.n;
  end_.hash = seal(text, written);
  return text;
}

std::string Recorder::take(const Settled& settled, const std::optional<Sealed>& written) {
  std::string text;
  text.reserve(kRecordBytesUsual);
  JsonWriter json(text);
  begin(json, kind_, settled);
  json.key("in").begin_array();
  for (const RecordedInput& input : inputs_) {
    write_input(json, input);
  }
  json.end_array().key("did");
  write_did(json);
  inputs_.clear();
  events_ = 0;
  did_ = {};
  drafted_ = false;
  due_ = false;
  return finish(std::move(text), written);
}

std::vector<std::string> Recorder::take_checkpoint(std::string body, const Settled& settled,
                                                   std::size_t bytes_max) {
  LC_ASSERT(!drafted_);
  LC_ASSERT(bytes_max > 4 * kEnvelopeBytesMax);
  inputs_.clear();
  std::vector<std::string> records;
  if (body.size() + kEnvelopeBytesMax <= bytes_max) {
    std::string text;
    JsonWriter json(text);
    begin(json, RecordKind::checkpoint, settled);
    json.key("body").raw(body);
    records.push_back(finish(std::move(text)));
    end_.checkpoint = end_.n;
    return records;
  }
  // As the text of a string it may need twice its bytes.
  std::vector<std::string_view> pieces;
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t end = piece_end(body, at, (bytes_max - kEnvelopeBytesMax) / 2);
    pieces.push_back(std::string_view(body).substr(at, end - at));
    at = end;
  }
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    std::string text;
    JsonWriter json(text);
    begin(json, RecordKind::checkpoint, settled);
    json.key("part").number(static_cast<std::int64_t>(i) + 1);
    json.key("parts").number(static_cast<std::int64_t>(pieces.size()));
    json.key("piece").string(pieces[i]);
    records.push_back(finish(std::move(text)));
  }
  end_.checkpoint = end_.n - static_cast<std::int64_t>(pieces.size()) + 1;
  return records;
}

}  // namespace lc::journal
