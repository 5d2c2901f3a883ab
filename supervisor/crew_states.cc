#include "supervisor/crew_states.h"

#include <fmt/format.h>

#include <utility>

#include "common/json.h"
#include "common/log.h"

namespace lc::supervisor {
namespace {

constexpr std::string_view kAnyFile = "any";

std::string key_of(const CrewId& crew) {
  return "crew." + crew.value;
}

std::string hex(std::uint64_t fingerprint) {
  return fmt::format("{:016x}", fingerprint);
}

}  // namespace

void CrewStates::load(std::vector<Known> crews, OnResult<std::vector<std::string>> on_read) {
  for (const Known& known : crews) {
    fingerprints_[known.crew] = known.fingerprint;
  }
  load_next(std::move(crews), {}, std::move(on_read));
}

void CrewStates::load_next(std::vector<Known> left, std::vector<std::string> complaints,
                           OnResult<std::vector<std::string>> on_read) {
  if (left.empty()) {
    on_read(std::move(complaints));
    return;
  }
  const Known crew = left.back();
  left.pop_back();
  bus_.kv_get(bucket_, key_of(crew.crew),
              [this, crew, left = std::move(left), complaints = std::move(complaints),
               on_read = std::move(on_read)](Result<KvEntry> entry) mutable {
                if (!entry && entry.error().code != ErrorCode::not_found) {
                  on_read(std::unexpected(entry.error()));
                  return;
                }
                if (entry) {
                  if (auto complaint = take(crew, entry->value)) {
                    complaints.push_back(*std::move(complaint));
                  }
                }
                load_next(std::move(left), std::move(complaints), std::move(on_read));
              });
}

/// What is wrong with the kept text, if something is.
std::optional<std::string> CrewStates::take(const Known& crew, const std::string& text) {
  const auto json = parse_json(text);
  const JsonObject* object = json ? as_object(*json) : nullptr;
  const auto member = [object](std::string_view name) {
    const Json* value = object == nullptr ? nullptr : find(*object, name);
    return value == nullptr ? nullptr : as_string(*value);
  };
  const std::string* const state = member("state");
  const std::string* const why = member("why");
  const std::string* const file = member("file");
  if (state != nullptr && *state == "enabled") {
    return std::nullopt;
  }
  if (state == nullptr || *state != "disabled" || why == nullptr || file == nullptr) {
    return fmt::format("key {} of bucket {} cannot be read ({}): crew '{}' counts as enabled",
                       key_of(crew.crew), bucket_, text.substr(0, 200), crew.crew.value);
  }
  if (*file != kAnyFile && *file != hex(crew.fingerprint)) {
    log_info("crew enabled: its file has changed", {{"crew", crew.crew.value}});
    enabled(crew.crew);
    return std::nullopt;
  }
  disabled_[crew.crew] = *why;
  return std::nullopt;
}

void CrewStates::disabled(const CrewId& crew, const std::string& why, By by, WallTime now) {
  disabled_[crew] = why;
  std::string text;
  JsonWriter(text)
      .begin_object()
      .key("v")
      .number(1)
      .key("state")
      .string("disabled")
      .key("why")
      .string(why)
      .key("ts")
      .string(format_rfc3339(now))
      .key("file")
      .string(by == By::failures ? hex(fingerprints_[crew]) : std::string(kAnyFile))
      .end_object();
  put(crew, std::move(text));
}

void CrewStates::enabled(const CrewId& crew) {
  disabled_.erase(crew);
  put(crew, R"({"v":1,"state":"enabled"})");
}

void CrewStates::put(const CrewId& crew, std::string text) {
  Pending& pending = pending_[crew];
  pending.text = std::move(text);
  pending.is_newer = true;
  if (!pending.in_flight) {
    send(crew);
  }
}

void CrewStates::send(const CrewId& crew) {
  Pending& pending = pending_[crew];
  pending.in_flight = true;
  pending.is_newer = false;
  bus_.kv_put(bucket_, key_of(crew), pending.text, [this, crew](Result<std::uint64_t> revision) {
    Pending& kept = pending_[crew];
    kept.in_flight = false;
    if (!revision) {
      log_warn("crew's state not stored",
               {{"crew", crew.value}, {"error", revision.error().message}});
      return;  // `retry` sends it again
    }
    if (kept.is_newer) {
      send(crew);
    } else {
      pending_.erase(crew);
    }
  });
}

void CrewStates::retry() {
  for (const auto& [crew, pending] : std::map<CrewId, Pending>(pending_)) {
    if (!pending.in_flight) {
      send(crew);
    }
  }
}

}  // namespace lc::supervisor
