#include "supervisor/journal/values.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "proto/parts.h"

namespace lc::journal {
namespace {

using proto::kAnyWireInt;
using proto::kCount;
using proto::kCountFromOne;
using proto::ObjectReader;

void write_batch_event(JsonWriter& json, const proto::BatchEvent& event) {
  json.key("seq").number(event.seq.value).key("slice").number(event.slice.value);
  if (event.orig_slice) {
    json.key("orig_slice").number(event.orig_slice->value);
  }
  json.key("event").raw(event.text);
}

constexpr std::int8_t kNoDigit = -1;

constexpr std::array<std::int8_t, 256> kHexDigits = [] {
  std::array<std::int8_t, 256> digits{};
  digits.fill(kNoDigit);
  for (int i = 0; i < 16; ++i) {
    digits[static_cast<unsigned char>("0123456789abcdef"[i])] = static_cast<std::int8_t>(i);
  }
  return digits;
}();

proto::BatchEvent read_batch_event(ObjectReader& reader) {
  proto::BatchEvent event;
  event.seq = {reader.integer("seq", kCount)};
  event.slice = {reader.integer("slice", kAnyWireInt)};
  if (reader.has("orig_slice")) {
    event.orig_slice = SliceIndex{reader.integer("orig_slice", kAnyWireInt)};
  }
  event.text = reader.any("event");
  return event;
}

}  // namespace

Sha256 read_digest(ObjectReader& reader, std::string_view name) {
  Sha256 digest{};
  const std::string_view text = reader.any(name);  // a string without escapes, in quotes
  int wrong = text.size() == 2 * digest.size() + 2 && text.front() == '"' ? 0 : kNoDigit;
  for (std::size_t i = 0; wrong == 0 && i < digest.size(); ++i) {
    const int high = kHexDigits[static_cast<unsigned char>(text[2 * i + 1])];
    const int low = kHexDigits[static_cast<unsigned char>(text[2 * i + 2])];
    wrong = std::min({wrong, high, low});
    digest[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  if (wrong != 0) {
    reader.problem(name, "is not 64 lower-case hexadecimal digits");
  }
  return digest;
}

void write_event(JsonWriter& json, const engine::BinnedEvent& binned) {
  json.begin_object();
  write_batch_event(json, binned.event);
  json.key("kind").string(binned.kind.value).key("ts").number(binned.ts.us).end_object();
}

engine::BinnedEvent read_event(ObjectReader reader) {
  engine::BinnedEvent binned{.event = read_batch_event(reader)};
  binned.kind = reader.kind("kind");
  binned.ts = {reader.integer("ts", kAnyWireInt)};
  reader.finish();
  return binned;
}

void write_events(JsonWriter& json, const std::vector<proto::BatchEvent>& events) {
  json.begin_array();
  for (const proto::BatchEvent& event : events) {
    json.begin_object();
    write_batch_event(json, event);
    json.end_object();
  }
  json.end_array();
}

std::vector<proto::BatchEvent> read_events(ObjectReader& reader, std::string_view name) {
  std::vector<proto::BatchEvent> events;
  read_each(reader, name, [&events](ObjectReader item) {
    events.push_back(read_batch_event(item));
    item.finish();
  });
  return events;
}

void write_diff(JsonWriter& json, const engine::PendingDiff& pending) {
  json.begin_object().key("slice").number(pending.slice.value);
  json.key("lamport").number(pending.lamport.value).key("crew").string(pending.crew.value);
  json.key("diff");
  proto::write_context_diff(json, pending.diff);
  json.end_object();
}

engine::PendingDiff read_diff(ObjectReader reader) {
  engine::PendingDiff pending;
  pending.slice = {reader.integer("slice", kAnyWireInt)};
  pending.lamport = {reader.integer("lamport", {})};
  pending.crew = reader.crew("crew");
  pending.diff = proto::read_context_diff(reader.object("diff"));
  reader.finish();
  return pending;
}

void write_reaction(JsonWriter& json, const engine::Reaction& reaction) {
  const proto::Ready& ready = reaction.ready;
  json.begin_object().key("slice").number(ready.slice.value);
  json.key("attempt").number(ready.attempt.value);
  if (ready.deadline_ms) {
    json.key("deadline_ms").number(*ready.deadline_ms);
  }
  json.key("lamport").number(ready.lamport.value).key("ctx_rev").number(ready.ctx_rev.value);
  json.key("ctx");
  proto::write_context(json, ready.ctx);
  json.key("events");
  write_events(json, ready.events);
  json.key("needs").begin_object();
  for (const auto& [crew, result] : ready.needs) {
    json.key(crew).begin_object().key("slice").number(result.slice.value).key("actions");
    proto::write_action_drafts(json, result.actions);
    json.end_object();
  }
  json.end_object().key("missing").begin_array();
  for (const std::string& label : ready.missing) {
    json.string(label);
  }
  json.end_array().key("actions_ts").number(reaction.actions_ts.us);
  json.key("answered").boolean(reaction.answered).end_object();
}

engine::Reaction read_reaction(ObjectReader reader, const engine::EngineOptions& options,
                               const CrewId& crew) {
  engine::Reaction reaction;
  proto::Ready& ready = reaction.ready;
  ready.stream = options.stream;
  ready.crew = crew;
  ready.epoch0 = options.epoch0;
  ready.slice_ms = options.slice_ms;
  ready.slice = {reader.integer("slice", kAnyWireInt)};
  ready.attempt = {reader.integer("attempt", kCountFromOne)};
  if (reader.has("deadline_ms")) {
    ready.deadline_ms = reader.integer("deadline_ms", kCountFromOne);
  }
  ready.lamport = {reader.integer("lamport", kCount)};
  ready.ctx_rev = {reader.integer("ctx_rev", kCount)};
  ready.ctx = proto::read_context(reader, "ctx");
  ready.events = read_events(reader, "events");
  const auto needs = json_members(reader.object_text("needs"));
  const proto::FieldPath path = {.parent = &reader.path(), .name = "needs"};
  for (const JsonField& member : needs ? *needs : std::vector<JsonField>{}) {
    ObjectReader inner =
        ObjectReader::inside(member.text, {.parent = &path, .name = member.key}, reader.problems());
    proto::NeedResult& result = ready.needs[member.key];
    result.slice = {inner.integer("slice", kAnyWireInt)};
    result.actions = proto::read_action_drafts(inner, "actions");
    inner.finish();
  }
  for (const std::string_view item : reader.items("missing")) {
    ready.missing.push_back(json_string_value(item).value_or(""));
  }
  reaction.actions_ts = {reader.integer("actions_ts", kAnyWireInt)};
  reaction.answered = reader.any("answered") == "true";
  reader.finish();
  return reaction;
}

void write_backlog(JsonWriter& json, const engine::BacklogContents& backlog) {
  json.begin_object().key("batches").begin_array();
  for (const engine::Batch& batch : backlog.batches) {
    json.begin_object().key("slice").number(batch.slice.value).key("events");
    write_events(json, batch.events);
    json.end_object();
  }
  json.end_array().key("batches_collapsed").number(backlog.batches_collapsed);
  json.key("events_collapsed").number(backlog.events_collapsed).end_object();
}

engine::BacklogContents read_backlog(ObjectReader reader) {
  engine::BacklogContents backlog;
  read_each(reader, "batches", [&backlog](ObjectReader item) {
    engine::Batch& batch = backlog.batches.emplace_back();
    batch.slice = {item.integer("slice", kAnyWireInt)};
    batch.events = read_events(item, "events");
    item.finish();
  });
  backlog.batches_collapsed = reader.integer("batches_collapsed", kCount);
  backlog.events_collapsed = reader.integer("events_collapsed", kCount);
  reader.finish();
  return backlog;
}

void write_completions(JsonWriter& json, const Completions& completions) {
  json.begin_array();
  for (const auto& [name, slices] : completions) {
    json.begin_object().key("name").string(name).key("slices").begin_array();
    for (const auto& [slice, actions] : slices) {
      json.begin_object().key("slice").number(slice.value).key("actions");
      proto::write_action_drafts(json, actions);
      json.end_object();
    }
    json.end_array().end_object();
  }
  json.end_array();
}

Completions read_completions(ObjectReader& reader, std::string_view name) {
  Completions completions;
  read_each(reader, name, [&completions](ObjectReader item) {
    auto& slices = completions[item.text("name")];
    read_each(item, "slices", [&slices](ObjectReader completion) {
      const SliceIndex slice{completion.integer("slice", kAnyWireInt)};
      slices[slice] = proto::read_action_drafts(completion, "actions");
      completion.finish();
    });
    item.finish();
  });
  return completions;
}

}  // namespace lc::journal
