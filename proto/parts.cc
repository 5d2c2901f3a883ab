#include "proto/parts.h"

#include <fmt/format.h>

namespace lc::proto {

Order read_order(ObjectReader& reader) {
  return {.slice = {reader.integer("slice", kAnyWireInt)},
          .attempt = {reader.integer("attempt", kCountFromOne)},
          .tag = reader.text("tag", {.min = kOrderTagChars, .max = kOrderTagChars})};
}

void write_order(JsonWriter& writer, const Order& order) {
  writer.key("slice").number(order.slice.value).key("attempt").number(order.attempt.value);
  writer.key("tag").string(order.tag);
}

std::vector<CrewId> read_crews(ObjectReader& reader, std::string_view name) {
  std::vector<CrewId> crews;
  for (const std::string_view item : reader.items(name)) {
    auto crew = parse_crew_id(json_string_value(item).value_or(""));
    if (crew) {
      crews.push_back(std::move(*crew));
    } else {
      reader.problem(name, fmt::format("holds {}; it must hold names of crews", describe(item)));
    }
  }
  return crews;
}

void write_crews(JsonWriter& writer, const std::vector<CrewId>& crews) {
  writer.begin_array();
  for (const CrewId& crew : crews) {
    writer.string(crew.value);
  }
  writer.end_array();
}

}  // namespace lc::proto
