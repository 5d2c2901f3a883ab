#include "proto/config_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "common/json.h"

namespace lc::proto {
namespace {

constexpr std::array<std::string_view, 3> kKvWords = {"jetstream", "redis", "memory"};
constexpr std::array<std::string_view, 2> kClockWords = {"wall", "event"};
constexpr std::array<std::string_view, 3> kLateWords = {"next", "drop", "dead_letter"};
constexpr std::array<std::string_view, 3> kContainmentWords = {"session", "pidns", "cgroup"};
constexpr std::array<std::string_view, 5> kVectorWords = {"none", "qdrant", "milvus", "pinecone",
                                                          "memory"};

std::size_t vector_index(const LiveConfig& config) {
  const auto* it = std::ranges::find(kVectorWords, config.vector.backend);
  return it == kVectorWords.end() ? 0 : static_cast<std::size_t>(it - kVectorWords.begin());
}

constexpr std::int64_t kDaysMax = 2'147'483'647;  // any that somebody writes

const std::array<Setting, 26>& settings() {
  static const std::array<Setting, 26> kSettings = {{
      {"slice_ms",
       IntSetting{[](LiveConfig& c) -> std::int64_t& { return c.slice_ms; }, {1, 10'000}}},
      {"heartbeat_s",
       IntSetting{[](LiveConfig& c) -> std::int64_t& { return c.heartbeat_s; }, {1, 300}}},
      {"lateness_ms",
       IntSetting{[](LiveConfig& c) -> std::int64_t& { return c.lateness_ms; }, {0, 10'000}}},
      {"clock",
       WordSetting{kClockWords,
                   [](const LiveConfig& c) { return static_cast<std::size_t>(c.clock); },
                   [](LiveConfig& c, std::size_t i) { c.clock = static_cast<ClockMode>(i); }}},
      {"late_policy",
       WordSetting{
           kLateWords, [](const LiveConfig& c) { return static_cast<std::size_t>(c.late_policy); },
           [](LiveConfig& c, std::size_t i) { c.late_policy = static_cast<LatePolicy>(i); }}},
      {"kv_backend",
       WordSetting{kKvWords,
                   [](const LiveConfig& c) { return static_cast<std::size_t>(c.kv_backend); },
                   [](LiveConfig& c, std::size_t i) { c.kv_backend = static_cast<KvBackend>(i); }}},
      {"ctx_max_bytes",
       IntSetting{[](LiveConfig& c) -> std::int64_t& { return c.ctx_max_bytes; }, {2, 1'048'576}}},
      {"backlog_max_batches",
       IntSetting{[](LiveConfig& c) -> std::int64_t& { return c.backlog_max_batches; },
                  {1, 100'000}}},
      {"nats_url",
       TextSetting{[](LiveConfig& c) -> std::string& { return c.nats_url; }, TextRule::nats_urls}},
      {"nats_replicas",
       IntSetting{[](LiveConfig& c) -> std::int64_t& { return c.nats_replicas; }, {1, 5}}},
      {"redis_url",
       TextSetting{[](LiveConfig& c) -> std::string& { return c.redis_url; }, TextRule::redis_url}},
      {"require_containment", WordSetting{kContainmentWords,
                                          [](const LiveConfig& c) {
                                            return static_cast<std::size_t>(c.require_containment);
                                          },
                                          [](LiveConfig& c, std::size_t i) {
                                            c.require_containment =
                                                static_cast<RequireContainment>(i);
                                          }}},
      {"journal", BoolSetting{[](LiveConfig& c) -> bool& { return c.journal; }}},
      {"require_sandbox", BoolSetting{[](LiveConfig& c) -> bool& { return c.require_sandbox; }}},
      {"worker_uids", TextSetting{[](LiveConfig& c) -> std::string& { return c.worker_uids; },
                                  TextRule::uid_range_or_none}},
      {"worker_nats_url",
       TextSetting{[](LiveConfig& c) -> std::string& { return c.worker_nats_url; },
                   TextRule::nats_urls_or_none}},
      {"event_validation.timestamp_validation_enabled", BoolSetting{[](LiveConfig& c) -> bool& {
         return c.event_validation.timestamp_validation_enabled;
       }}},
      {"event_validation.timestamp_window_days",
       IntSetting{
           [](LiveConfig& c) -> std::int64_t& { return c.event_validation.timestamp_window_days; },
           {0, kDaysMax}}},
      {"event_validation.future_tolerance_seconds",
       IntSetting{[](LiveConfig& c) -> std::int64_t& {
                    return c.event_validation.future_tolerance_seconds;
                  },
                  {0, 3'600}}},
      {"event_validation.strict_mode",
       BoolSetting{[](LiveConfig& c) -> bool& { return c.event_validation.strict_mode; }}},
      {"vector.backend",
       WordSetting{
           kVectorWords, vector_index,
           [](LiveConfig& c, std::size_t i) { c.vector.backend = i == 0 ? "" : kVectorWords[i]; }}},
      {"vector.url", TextSetting{[](LiveConfig& c) -> std::string& { return c.vector.url; },
                                 TextRule::http_url_or_none}},
      {"llm.base_url", TextSetting{[](LiveConfig& c) -> std::string& { return c.llm.base_url; },
                                   TextRule::http_url}},
      {"llm.model",
       TextSetting{[](LiveConfig& c) -> std::string& { return c.llm.model; }, TextRule::not_empty}},
      {"llm.api_key_env",
       TextSetting{[](LiveConfig& c) -> std::string& { return c.llm.api_key_env; },
                   TextRule::variable_name}},
      {"llm.timeout_ms",
       IntSetting{[](LiveConfig& c) -> std::int64_t& { return c.llm.timeout_ms; }, {1, 600'000}}},
  }};
  return kSettings;
}

bool is_url(std::string_view text, std::span<const std::string_view> schemes) {
  const auto scheme =
      std::ranges::find_if(schemes, [text](std::string_view s) { return text.starts_with(s); });
  if (scheme == schemes.end() || text.find_first_of(" \t\n\"") != std::string_view::npos) {
    return false;
  }
  text.remove_prefix(scheme->size());
  const std::string_view authority = text.substr(0, text.find_first_of("/?#"));
  return !authority.empty() && !authority.ends_with('@');
}

bool is_variable_name(std::string_view text) {
  return !text.empty() && !(text[0] >= '0' && text[0] <= '9') &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  c == '_';
         });
}

// What the rule accepts when `text` breaks it, else nothing.
std::string_view broken_rule(std::string_view text, TextRule rule) {
  constexpr std::array<std::string_view, 2> kHttp = {"http://", "https://"};
  constexpr std::array<std::string_view, 2> kNats = {"nats://", "tls://"};
  constexpr std::array<std::string_view, 2> kRedis = {"redis://", "rediss://"};
  switch (rule) {
    case TextRule::not_empty:
      return text.empty() ? "a text that is not empty" : "";
    case TextRule::variable_name:
      return is_variable_name(text) ? "" : "the name of an environment variable";
    case TextRule::http_url:
      return is_url(text, kHttp) ? "" : "a URL like http://host:port";
    case TextRule::http_url_or_none:
      return text.empty() || is_url(text, kHttp) ? "" : "a URL like http://host:port, or empty";
    case TextRule::redis_url:
      return is_url(text, kRedis) ? "" : "a URL like redis://host:port";
    case TextRule::uid_range_or_none:
      return text.empty() || parse_uid_range(text) ? "" : "a range of users like 61000-61999";
    case TextRule::nats_urls_or_none:
      if (text.empty()) {
        return "";
      }
      [[fallthrough]];
    case TextRule::nats_urls:
      for (std::size_t at = 0; at <= text.size();) {
        const std::size_t comma = std::min(text.find(',', at), text.size());
        if (!is_url(text.substr(at, comma - at), kNats)) {
          return "a URL like nats://host:port, or several with commas between them";
        }
        at = comma + 1;
      }
      return "";
  }
  return "";
}

bool read_text_setting(YamlSource& source, const YamlNode& node, const Setting& setting,
                       const TextSetting& kind, LiveConfig& config) {
  auto text = read_text(source, node, setting.path);
  if (!text) {
    return false;
  }
  const std::string_view accepted = broken_rule(*text, kind.rule);
  if (accepted.empty()) {
    kind.at(config) = std::move(*text);
    return true;
  }
  if (kind.rule == TextRule::variable_name) {
    // Somebody may have written the key itself: it must not show up in a log.
    source.error(node, fmt::format("{}: the value is not {}", setting.path, accepted),
                 "name the variable that holds the key; the key itself never stands in a file");
  } else {
    YamlNode safe = node;
    safe.text = without_password(node.text);
    source.error(node, fmt::format("{}: {} is not {}", setting.path, shown(safe), accepted));
  }
  return false;
}

}  // namespace

std::span<const Setting> all_settings() {
  return settings();
}

std::string without_password(std::string_view urls) {
  std::string out;
  while (!urls.empty()) {
    const std::size_t end = std::min(urls.find(','), urls.size());
    const std::string_view url = urls.substr(0, end);
    const std::size_t scheme = url.find("://");
    const std::size_t host = scheme == std::string_view::npos ? scheme : scheme + 3;
    const std::size_t at = url.substr(0, std::min(url.find('/', host), url.size())).rfind('@');
    if (host == std::string_view::npos || at == std::string_view::npos) {
      out += url;
    } else {
      out += fmt::format("{}<redacted>{}", url.substr(0, host), url.substr(at));
    }
    out += end < urls.size() ? "," : "";
    urls.remove_prefix(std::min(end + 1, urls.size()));
  }
  return out;
}

bool read_setting(YamlSource& source, const YamlNode& node, const Setting& setting,
                  LiveConfig& config) {
  if (const auto* kind = std::get_if<IntSetting>(&setting.kind)) {
    const auto value = read_int(source, node, setting.path, kind->range);
    kind->at(config) = value.value_or(kind->at(config));
    return value.has_value();
  }
  if (const auto* kind = std::get_if<BoolSetting>(&setting.kind)) {
    const auto value = read_bool(source, node, setting.path);
    kind->at(config) = value.value_or(kind->at(config));
    return value.has_value();
  }
  if (const auto* kind = std::get_if<WordSetting>(&setting.kind)) {
    const auto index = read_word(source, node, setting.path, kind->words);
    kind->set(config, index.value_or(kind->get(config)));
    return index.has_value();
  }
  return read_text_setting(source, node, setting, std::get<TextSetting>(setting.kind), config);
}

std::string write_setting(const Setting& setting, const LiveConfig& config) {
  LiveConfig copy = config;  // the table's accessors give references to change
  if (const auto* kind = std::get_if<IntSetting>(&setting.kind)) {
    return std::to_string(kind->at(copy));
  }
  if (const auto* kind = std::get_if<BoolSetting>(&setting.kind)) {
    return kind->at(copy) ? "true" : "false";
  }
  if (const auto* kind = std::get_if<WordSetting>(&setting.kind)) {
    return write_json(Json(kind->words[kind->get(copy)]));
  }
  return write_json(Json(without_password(std::get<TextSetting>(setting.kind).at(copy))));
}

std::string_view to_string(KvBackend backend) {
  return kKvWords[static_cast<std::size_t>(backend)];
}
std::string_view to_string(ClockMode mode) {
  return kClockWords[static_cast<std::size_t>(mode)];
}
std::string_view to_string(LatePolicy policy) {
  return kLateWords[static_cast<std::size_t>(policy)];
}
std::string_view to_string(RequireContainment level) {
  return kContainmentWords[static_cast<std::size_t>(level)];
}

std::optional<std::pair<std::int64_t, std::int64_t>> parse_uid_range(std::string_view text) {
  constexpr std::int64_t kUidMax = 4'294'967'294;
  std::int64_t first = 0;
  std::int64_t last = 0;
  const char* const end = text.data() + text.size();
  const auto [dash, wrong] = std::from_chars(text.data(), end, first);
  if (wrong != std::errc{} || dash == end || *dash != '-') {
    return std::nullopt;
  }
  const auto [rest, wrong_too] = std::from_chars(dash + 1, end, last);
  if (wrong_too != std::errc{} || rest != end || first < 1 || last < first || last > kUidMax) {
    return std::nullopt;
  }
  return std::pair(first, last);
}

std::string_view to_string(MergePolicy policy) {
  return kMergePolicyWords[static_cast<std::size_t>(policy)];
}

}  // namespace lc::proto
