#include "proto/context.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/json.h"
#include "proto/parts.h"
#include "proto/reader.h"
#include "proto/slice.h"

namespace lc::proto {
namespace {

void check_key(ObjectReader& reader, std::string_view field, std::string_view key) {
  if (key.empty()) {
    reader.problem(field, "has an empty key");
  } else if (key.size() > kContextKeyBytesMax) {
    reader.problem(field, fmt::format("has the key '{}' of {} bytes; at most {} are accepted",
                                      shorten(key), key.size(), kContextKeyBytesMax));
  }
}

// `members` are the fields of the object in field `name` of `reader`.
Context to_context(ObjectReader& reader, std::string_view name,
                   const std::vector<JsonField>& members) {
  Context context;
  for (const JsonField& member : members) {
    check_key(reader, name, member.key);
    auto value = parse_json(member.text);
    if (value) {
      context.emplace(member.key, write_canonical_json(*value));
    } else {
      reader.problem(name, fmt::format("has a wrong value at key '{}': {}", shorten(member.key),
                                       value.error().message));
    }
  }
  return context;
}

std::vector<std::string> read_removed(ObjectReader& reader) {
  std::vector<std::string> keys;
  for (const std::string_view item : reader.items("delete")) {
    auto key = json_string_value(item);
    if (key) {
      check_key(reader, "delete", *key);
      keys.push_back(std::move(*key));
    } else {
      reader.problem("delete",
                     fmt::format("holds {}; it must hold keys, which are strings", describe(item)));
    }
  }
  std::ranges::sort(keys);
  const auto repeated = std::ranges::unique(keys);
  keys.erase(repeated.begin(), repeated.end());
  return keys;
}

}  // namespace

Context read_context(ObjectReader& reader, std::string_view name) {
  const std::string_view text = reader.object_text(name);
  if (!text.starts_with('{')) {
    return {};
  }
  const auto members = json_members(text);
  if (!members) {
    reader.problem(name, "has a " + members.error().message);
    return {};
  }
  return to_context(reader, name, *members);
}

void write_context(JsonWriter& writer, const Context& context) {
  writer.begin_object();
  for (const auto& [key, value] : context) {
    writer.key(key).raw(value);
  }
  writer.end_object();
}

ContextDiff read_context_diff(ObjectReader reader) {
  ContextDiff diff;
  if (reader.has("set")) {
    diff.set = read_context(reader, "set");
  }
  if (reader.has("delete")) {
    diff.remove = read_removed(reader);
  }
  for (const std::string& key : diff.remove) {
    if (diff.set.contains(key)) {
      reader.problem("delete",
                     fmt::format("holds the key '{}', which 'set' holds too", shorten(key)));
    }
  }
  reader.finish();
  return diff;
}

void write_context_diff(JsonWriter& writer, const ContextDiff& diff) {
  writer.begin_object().key("set");
  write_context(writer, diff.set);
  writer.key("delete").begin_array();
  for (const std::string& key : diff.remove) {
    writer.string(key);
  }
  writer.end_array().end_object();
}

Result<ContextDiff> parse_context_diff(std::string_view text) {
  auto split = split_json_object(text);
  if (!split) {
    return within("context diff", split.error());
  }
  Problems problems;
  ContextDiff diff = read_context_diff(ObjectReader(std::move(split->fields), {}, problems));
  if (!problems.empty()) {
    return problems.error("context diff");
  }
  return diff;
}

std::string write_context_diff(const ContextDiff& diff) {
  std::string out;
  JsonWriter writer(out);
  write_context_diff(writer, diff);
  return out;
}

Result<Context> parse_context(std::string_view text) {
  auto split = split_json_object(text);
  if (!split) {
    return within("context", split.error());
  }
  Problems problems;
  ObjectReader whole({}, {}, problems);
  Context context = to_context(whole, "ctx", split->fields);
  if (!problems.empty()) {
    return problems.error("context");
  }
  return context;
}

std::string write_context(const Context& context) {
  std::string out;
  JsonWriter writer(out);
  write_context(writer, context);
  return out;
}

Result<Snapshot> parse_snapshot(std::string_view text) {
  auto split = split_json_object(text);
  if (!split) {
    return within("snapshot", split.error());
  }
  Problems problems;
  ObjectReader reader(std::move(split->fields), {}, problems);
  Snapshot snapshot;
  reader.version();
  reader.constant("kind", "__context");
  snapshot.stream = reader.stream("stream");
  snapshot.slice = {reader.integer("slice", kAnyWireInt)};
  snapshot.revision = {reader.integer("ctx_rev", kCount)};
  snapshot.event_seq = {reader.integer("event_seq", kCount)};
  snapshot.lamport = {reader.integer("lamport", kCount)};
  snapshot.context = read_context(reader, "ctx");
  reader.finish();
  if (!problems.empty()) {
    return problems.error("snapshot");
  }
  return snapshot;
}

std::string write_snapshot(const Snapshot& snapshot) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object()
      .key("v")
      .number(kWireVersion)
      .key("kind")
      .string("__context")
      .key("stream")
      .string(snapshot.stream.value)
      .key("slice")
      .number(snapshot.slice.value)
      .key("ctx_rev")
      .number(snapshot.revision.value)
      .key("event_seq")
      .number(snapshot.event_seq.value)
      .key("lamport")
      .number(snapshot.lamport.value)
      .key("ctx");
  write_context(writer, snapshot.context);
  writer.end_object();
  return out;
}

}  // namespace lc::proto
