#include "proto/action.h"

#include "common/json.h"
#include "proto/parts.h"
#include "proto/reader.h"

namespace lc::proto {

std::int64_t read_ttl_ms(ObjectReader& reader) {
  return reader.has("ttl_ms") ? reader.integer("ttl_ms", {1, kActionTtlMsMax})
                              : kActionTtlMsDefault;
}

Result<Action> parse_action(std::string_view text) {
  auto split = split_json_object(text);
  if (!split) {
    return within("action", split.error());
  }
  Problems problems;
  ObjectReader reader(std::move(split->fields), {}, problems);
  Action action;
  action.ts = reader.time("ts");
  action.kind = reader.kind("kind");
  action.stream = reader.stream("stream_id");
  action.payload = reader.any("payload");
  action.ttl_ms = read_ttl_ms(reader);
  reader.finish();
  if (!problems.empty()) {
    return problems.error("action");
  }
  return action;
}

std::string write_action(const Action& action) {
  std::string out;
  out.reserve(112 + action.payload.size());
  JsonWriter(out)
      .begin_object()
      .key("ts")
      .string(format_rfc3339(action.ts))
      .key("kind")
      .string(action.kind.value)
      .key("stream_id")
      .string(action.stream.value)
      .key("payload")
      .raw(action.payload)
      .key("ttl_ms")
      .number(action.ttl_ms)
      .end_object();
  return out;
}

ActionDraft read_action_draft(ObjectReader reader) {
  ActionDraft draft;
  draft.kind = reader.kind("kind");
  draft.payload = reader.any("payload");
  draft.ttl_ms = read_ttl_ms(reader);
  reader.finish();
  return draft;
}

std::vector<ActionDraft> read_action_drafts(ObjectReader& reader, std::string_view name) {
  std::vector<ActionDraft> drafts;
  const std::vector<std::string_view> items = reader.items(name);
  drafts.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    const FieldPath path = {.parent = &reader.path(), .name = name, .index = i};
    drafts.push_back(read_action_draft(ObjectReader::inside(items[i], path, reader.problems())));
  }
  return drafts;
}

void write_action_drafts(JsonWriter& writer, const std::vector<ActionDraft>& drafts) {
  writer.begin_array();
  for (const ActionDraft& draft : drafts) {
    writer.begin_object()
        .key("kind")
        .string(draft.kind.value)
        .key("payload")
        .raw(draft.payload)
        .key("ttl_ms")
        .number(draft.ttl_ms)
        .end_object();
  }
  writer.end_array();
}

}  // namespace lc::proto
