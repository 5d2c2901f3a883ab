#include "supervisor/kill_report.h"

namespace lc::supervisor {
namespace {

void add(JsonObject& out, std::string name, const std::optional<std::int64_t>& value) {
  if (value) {
    out.emplace_back(std::move(name), *value);
  }
}

JsonObject facts(const process::Ended& ended) {
  JsonObject out{{"during", ended.during}};
  if (ended.pid == 0) {
    return out;
  }
  out.emplace_back("pid", static_cast<std::int64_t>(ended.pid));
  out.emplace_back("generation", ended.generation);
  out.emplace_back("uptime_ms", ended.uptime_ms);
  if (ended.exit && ended.exit->signal != 0) {
    out.emplace_back("signal", static_cast<std::int64_t>(ended.exit->signal));
  } else if (ended.exit) {
    out.emplace_back("exit_code", static_cast<std::int64_t>(ended.exit->code));
  }
  add(out, "overshoot_us", ended.overshoot_us);
  add(out, "tree_gone_us", ended.tree_gone_us);
  if (ended.unkillable) {
    out.emplace_back("unkillable", true);
  }
  if (ended.usage) {
    out.emplace_back("user_us", ended.usage->user_us);
    out.emplace_back("system_us", ended.usage->system_us);
    out.emplace_back("memory_max_kib", ended.usage->memory_max_kib);
  }
  add(out, "forks_refused", ended.forks_refused);
  out.emplace_back("output_bytes", ended.output_bytes);
  return out;
}

}  // namespace

std::string worker_facts(const process::Ended& ended, const std::string& report_path) {
  JsonObject out = facts(ended);
  if (!report_path.empty()) {
    out.emplace_back("report", report_path);
  }
  return write_json(Json(std::move(out)));
}

std::string write_kill_report(const process::Ended& ended, const StreamId& stream, WallTime now) {
  JsonObject out{{"v", 1},
                 {"ts", format_rfc3339(now)},
                 {"stream", stream.value},
                 {"crew", ended.crew.value},
                 {"outcome", proto::to_string(ended.outcome)},
                 {"detail", ended.words}};
  if (!ended.excuse.empty()) {
    out.emplace_back("excuse", ended.excuse);
  }
  if (ended.reaction) {
    out.emplace_back("slice", ended.reaction->slice.value);
    out.emplace_back("attempt", ended.reaction->attempt.value);
  }
  for (auto& fact : facts(ended)) {
    out.push_back(std::move(fact));
  }
  out.emplace_back("output", ended.output);
  return write_json(Json(std::move(out)));
}

}  // namespace lc::supervisor
