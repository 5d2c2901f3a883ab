#include "proto/orders.h"

#include <utility>

#include "common/json.h"
#include "proto/parts.h"
#include "proto/slice.h"

namespace lc::proto {
namespace {

Awaited read_awaited(ObjectReader reader) {
  Awaited awaited;
  awaited.crew = reader.crew("crew");
  awaited.order = read_order(reader);
  awaited.boot_id = reader.text("boot_id", kBootIdLength);
  reader.finish();
  return awaited;
}

HeardHost read_heard(ObjectReader reader) {
  HeardHost heard;
  heard.boot_id = reader.text("boot_id", kBootIdLength);
  heard.seq = reader.integer("seq", kCountFromOne);
  heard.failure = reader.integer("failure", kCount);
  reader.finish();
  return heard;
}

}  // namespace

Result<Orders> parse_orders(std::string_view text) {
  auto split = split_json_object(text);
  if (!split) {
    return within("orders", split.error());
  }
  Problems problems;
  ObjectReader reader(std::move(split->fields), {}, problems);
  Orders orders;
  reader.constant("kind", "__orders");
  reader.version();
  orders.stream = reader.stream("stream");
  orders.boot_id = reader.text("boot_id", kBootIdLength);
  orders.lease_revision = reader.integer("lease_revision", kCount);
  orders.disabled = read_crews(reader, "disabled");
  read_each(reader, "awaited", [&orders](ObjectReader item) {
    orders.awaited.push_back(read_awaited(std::move(item)));
  });
  read_each(reader, "heard",
            [&orders](ObjectReader item) { orders.heard.push_back(read_heard(std::move(item))); });
  reader.finish();
  if (!problems.empty()) {
    return problems.error("orders");
  }
  return orders;
}

std::string write_orders(const Orders& orders) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object().key("kind").string("__orders").key("v").number(kWireVersion);
  writer.key("stream").string(orders.stream.value).key("boot_id").string(orders.boot_id);
  writer.key("lease_revision").number(orders.lease_revision).key("disabled");
  write_crews(writer, orders.disabled);
  writer.key("awaited").begin_array();
  for (const Awaited& awaited : orders.awaited) {
    writer.begin_object().key("crew").string(awaited.crew.value);
    write_order(writer, awaited.order);
    writer.key("boot_id").string(awaited.boot_id).end_object();
  }
  writer.end_array().key("heard").begin_array();
  for (const HeardHost& heard : orders.heard) {
    writer.begin_object().key("boot_id").string(heard.boot_id).key("seq").number(heard.seq);
    writer.key("failure").number(heard.failure).end_object();
  }
  writer.end_array().end_object();
  return out;
}

}  // namespace lc::proto
