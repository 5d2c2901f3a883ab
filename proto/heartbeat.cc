#include "proto/heartbeat.h"

#include <fmt/format.h>

#include "common/json.h"
#include "proto/parts.h"

namespace lc::proto {
namespace {

Role read_role(ObjectReader& reader) {
  const std::string word = reader.text("role");
  if (word != "leader" && word != "standby") {
    reader.problem("role",
                   fmt::format("is \"{}\"; it must be \"leader\" or \"standby\"", shorten(word)));
  }
  return word == "standby" ? Role::standby : Role::leader;
}

}  // namespace

std::string_view to_string(Role role) {
  return role == Role::leader ? "leader" : "standby";
}

Result<Heartbeat> parse_heartbeat(std::string_view text) {
  auto split = split_json_object(text);
  if (!split) {
    return within("heartbeat", split.error());
  }
  Problems problems;
  ObjectReader reader(std::move(split->fields), {}, problems);
  Heartbeat heartbeat;
  reader.constant("kind", "__hb");
  heartbeat.ts = reader.time("ts");
  heartbeat.stream = reader.stream("stream");
  heartbeat.host = reader.text("host");
  heartbeat.version = reader.text("version");
  heartbeat.pid = reader.integer("pid", kCount);
  heartbeat.uptime_s = reader.integer("uptime_s", kCount);
  heartbeat.heartbeat_s = reader.integer("heartbeat_s", {1, kHeartbeatSMax});
  if (reader.has("slice")) {
    heartbeat.slice = SliceIndex{reader.integer("slice", kAnyWireInt)};
  }
  heartbeat.ctx_rev = {reader.integer("ctx_rev", kCount)};
  heartbeat.crews_enabled = reader.integer("crews_enabled", kCount);
  heartbeat.crews_disabled = reader.integer("crews_disabled", kCount);
  heartbeat.reactions_in_flight = reader.integer("reactions_in_flight", kCount);
  heartbeat.containment = reader.text("containment", {.min = 1, .max = 16});
  heartbeat.boot_id = reader.text("boot_id", kBootIdLength);
  heartbeat.role = read_role(reader);
  heartbeat.lease_revision = reader.integer("lease_revision", kCount);
  heartbeat.crews = read_crews(reader, "crews");
  reader.finish();
  if (!problems.empty()) {
    return problems.error("heartbeat");
  }
  return heartbeat;
}

std::string write_heartbeat(const Heartbeat& heartbeat) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object().key("kind").string("__hb");
  writer.key("ts").string(format_rfc3339(heartbeat.ts));
  writer.key("stream").string(heartbeat.stream.value);
  writer.key("host").string(valid_utf8(heartbeat.host));
  writer.key("version").string(valid_utf8(heartbeat.version));
  writer.key("pid").number(heartbeat.pid);
  writer.key("uptime_s").number(heartbeat.uptime_s);
  writer.key("heartbeat_s").number(heartbeat.heartbeat_s);
  if (heartbeat.slice) {
    writer.key("slice").number(heartbeat.slice->value);
  }
  writer.key("ctx_rev").number(heartbeat.ctx_rev.value);
  writer.key("crews_enabled").number(heartbeat.crews_enabled);
  writer.key("crews_disabled").number(heartbeat.crews_disabled);
  writer.key("reactions_in_flight").number(heartbeat.reactions_in_flight);
  writer.key("containment").string(valid_utf8(heartbeat.containment));
  writer.key("boot_id").string(heartbeat.boot_id);
  writer.key("role").string(to_string(heartbeat.role));
  writer.key("lease_revision").number(heartbeat.lease_revision);
  writer.key("crews");
  write_crews(writer, heartbeat.crews);
  writer.end_object();
  return out;
}

}  // namespace lc::proto
