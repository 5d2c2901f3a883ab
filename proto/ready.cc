#include <fmt/format.h>

#include <algorithm>

#include "common/json.h"
#include "proto/manifest.h"
#include "proto/parts.h"
#include "proto/reader.h"
#include "proto/slice.h"

namespace lc::proto {
namespace {

// An event, an action or a context value inside of a `ready` lies deeper than where it came from.
constexpr JsonLimits kReadyLimits = {.bytes_max = kReadyBytesMax, .depth_max = 70};

BatchEvent read_batch_event(ObjectReader reader) {
  BatchEvent event;
  event.seq = {reader.integer("seq", kCountFromOne)};
  event.slice = {reader.integer("slice", kAnyWireInt)};
  if (reader.has("orig_slice")) {
    event.orig_slice = SliceIndex{reader.integer("orig_slice", kAnyWireInt)};
  }
  ObjectReader inner = reader.object("event");
  event.text = write_event(read_event(inner, UnknownFields::refused));
  reader.finish();
  return event;
}

std::vector<BatchEvent> read_batch(ObjectReader& reader) {
  std::vector<BatchEvent> events;
  const std::vector<std::string_view> items = reader.items("events");
  events.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    const FieldPath path = {.parent = &reader.path(), .name = "events", .index = i};
    events.push_back(read_batch_event(ObjectReader::inside(items[i], path, reader.problems())));
  }
  return events;
}

std::map<std::string, NeedResult> read_needs(ObjectReader& reader) {
  std::map<std::string, NeedResult> needs;
  const std::string_view text = reader.object_text("needs");
  if (!text.starts_with('{')) {
    return needs;
  }
  const auto members = json_members(text);
  if (!members) {
    reader.problem("needs", "has a " + members.error().message);
    return needs;
  }
  const FieldPath path = {.parent = &reader.path(), .name = "needs"};
  for (const JsonField& member : *members) {
    if (auto crew = parse_crew_id(member.key); !crew) {
      reader.problem("needs", "has a wrong key: " + crew.error().message);
    }
    ObjectReader inner =
        ObjectReader::inside(member.text, {.parent = &path, .name = member.key}, reader.problems());
    NeedResult result;
    result.slice = {inner.integer("slice", kAnyWireInt)};
    result.actions = read_action_drafts(inner, "actions");
    inner.finish();
    needs.emplace(member.key, std::move(result));
  }
  return needs;
}

// `vision@-1`: a crew or a kind, and an offset. Their alphabets are the same.
bool is_need_label(std::string_view label) {
  const std::size_t at = label.find('@');
  if (at == std::string_view::npos || !parse_crew_id(label.substr(0, at))) {
    return false;
  }
  const auto offset = json_int_value(label.substr(at + 1));
  return offset && *offset >= -kNeedOffsetMax && *offset <= kNeedOffsetMax &&
         std::to_string(*offset) == label.substr(at + 1);
}

std::vector<std::string> read_missing(ObjectReader& reader) {
  std::vector<std::string> missing;
  for (const std::string_view item : reader.items("missing")) {
    auto label = json_string_value(item);
    if (!label || !is_need_label(*label)) {
      reader.problem("missing", fmt::format("holds {}; it must hold needs like \"vision@-1\"",
                                            describe(item)));
    } else {
      missing.push_back(std::move(*label));
    }
  }
  std::ranges::sort(missing);
  const auto repeated = std::ranges::unique(missing);
  missing.erase(repeated.begin(), repeated.end());
  return missing;
}

std::optional<std::int64_t> read_deadline(ObjectReader& reader) {
  if (reader.any("deadline_ms") == "null") {
    return std::nullopt;  // no deadline, or missing, which is reported
  }
  return reader.integer("deadline_ms", {1, kTimeoutMsMax});
}

void write_batch(JsonWriter& writer, const std::vector<BatchEvent>& events) {
  writer.begin_array();
  for (const BatchEvent& event : events) {
    writer.begin_object().key("seq").number(event.seq.value).key("slice").number(event.slice.value);
    if (event.orig_slice) {
      writer.key("orig_slice").number(event.orig_slice->value);
    }
    writer.key("event").raw(event.text).end_object();
  }
  writer.end_array();
}

void write_needs(JsonWriter& writer, const std::map<std::string, NeedResult>& needs) {
  writer.begin_object();
  for (const auto& [crew, result] : needs) {
    writer.key(crew).begin_object().key("slice").number(result.slice.value).key("actions");
    write_action_drafts(writer, result.actions);
    writer.end_object();
  }
  writer.end_object();
}

// What the fields that every slice has add up to, to reserve room once.
std::size_t size_hint(const Ready& ready) {
  std::size_t size = 512;
  for (const BatchEvent& event : ready.events) {
    size += event.text.size() + 64;
  }
  for (const auto& [key, value] : ready.ctx) {
    size += key.size() + value.size() + 4;
  }
  return size;
}

}  // namespace

Result<Ready> parse_ready(std::string_view text) {
  auto split = split_json_object(text, kReadyLimits);
  if (!split) {
    return within("ready", split.error());
  }
  Problems problems;
  ObjectReader reader(std::move(split->fields), {}, problems);
  Ready ready;
  reader.version();
  ready.stream = reader.stream("stream");
  ready.slice = {reader.integer("slice", kAnyWireInt)};
  ready.crew = reader.crew("crew");
  ready.attempt = {reader.integer("attempt", kCountFromOne)};
  ready.nonce = read_nonce(reader);
  if (reader.has("to")) {
    ready.to = reader.text("to", kBootIdLength);
  }
  ready.epoch0 = reader.time("epoch0");
  ready.slice_ms = reader.integer("slice_ms", {1, kSliceMsMax});
  ready.deadline_ms = read_deadline(reader);
  ready.lamport = {reader.integer("lamport", kCount)};
  ready.ctx = read_context(reader, "ctx");
  ready.ctx_rev = {reader.integer("ctx_rev", kCount)};
  ready.events = read_batch(reader);
  ready.needs = read_needs(reader);
  ready.missing = read_missing(reader);
  reader.finish();
  if (!problems.empty()) {
    return problems.error("ready");
  }
  return ready;
}

std::string write_ready(const Ready& ready) {
  std::string out;
  out.reserve(size_hint(ready));
  JsonWriter writer(out);
  writer.begin_object().key("v").number(kWireVersion);
  writer.key("stream").string(ready.stream.value);
  writer.key("slice").number(ready.slice.value);
  writer.key("crew").string(ready.crew.value);
  writer.key("attempt").number(ready.attempt.value);
  writer.key("nonce").string(ready.nonce);
  if (!ready.to.empty()) {
    writer.key("to").string(ready.to);
  }
  writer.key("epoch0").string(format_rfc3339(ready.epoch0));
  writer.key("slice_ms").number(ready.slice_ms);
  writer.key("deadline_ms");
  ready.deadline_ms ? writer.number(*ready.deadline_ms) : writer.null();
  writer.key("lamport").number(ready.lamport.value);
  writer.key("ctx");
  write_context(writer, ready.ctx);
  writer.key("ctx_rev").number(ready.ctx_rev.value);
  writer.key("events");
  write_batch(writer, ready.events);
  writer.key("needs");
  write_needs(writer, ready.needs);
  writer.key("missing").begin_array();
  for (const std::string& label : ready.missing) {
    writer.string(label);
  }
  writer.end_array().end_object();
  return out;
}

}  // namespace lc::proto
