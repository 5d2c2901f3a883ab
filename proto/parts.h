#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/json.h"
#include "proto/action.h"
#include "proto/context.h"
#include "proto/event.h"
#include "proto/model_call.h"
#include "proto/order.h"
#include "proto/reader.h"

// Parts that several messages share. For proto/ and the journal.
namespace lc::proto {

inline constexpr std::size_t kContextKeyBytesMax = 256;

Event read_event(ObjectReader& reader, UnknownFields unknown);

std::string read_nonce(ObjectReader& reader);

/// `{kind, payload, ttl_ms?}`
ActionDraft read_action_draft(ObjectReader reader);
/// The list of drafts in field `name`.
std::vector<ActionDraft> read_action_drafts(ObjectReader& reader, std::string_view name);
void write_action_drafts(JsonWriter& writer, const std::vector<ActionDraft>& drafts);

/// `ttl_ms` of an action, or its default when the field is absent.
std::int64_t read_ttl_ms(ObjectReader& reader);

/// The object in field `name`, as keys with canonical values.
Context read_context(ObjectReader& reader, std::string_view name);
void write_context(JsonWriter& writer, const Context& context);

/// `{set?, delete?}`
ContextDiff read_context_diff(ObjectReader reader);
void write_context_diff(JsonWriter& writer, const ContextDiff& diff);

/// Fields `model_calls` and `model_calls_dropped`, which may both be absent.
ModelCalls read_model_calls(ObjectReader& reader);
void write_model_calls(JsonWriter& writer, const std::vector<ModelCall>& calls);

/// The value of `all` whose word, as `to_string` has it, is in field `name`.
template <class Values>
typename Values::value_type read_word(ObjectReader& reader, std::string_view name,
                                      const Values& all) {
  const std::string word = reader.text(name);
  for (const auto each : all) {
    if (to_string(each) == word) {
      return each;
    }
  }
  reader.problem(name, "is the unknown word '" + shorten(word) + "'");
  return all.front();
}

/// Calls `read` with a reader for each object of the list in field `name`.
template <class Read>
void read_each(ObjectReader& reader, std::string_view name, Read&& read) {
  const std::vector<std::string_view> items = reader.items(name);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const FieldPath path = {.parent = &reader.path(), .name = name, .index = i};
    read(ObjectReader::inside(items[i], path, reader.problems()));
  }
}

/// Fields `slice`, `attempt` and `tag`.
Order read_order(ObjectReader& reader);
void write_order(JsonWriter& writer, const Order& order);

/// The names of crews in the list of field `name`.
std::vector<CrewId> read_crews(ObjectReader& reader, std::string_view name);
void write_crews(JsonWriter& writer, const std::vector<CrewId>& crews);

}  // namespace lc::proto
