#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "proto/config.h"
#include "proto/yaml_fields.h"

// The table of all settings: one line each, from which the file, the environment and `config show`
// are served.
namespace lc::proto {

struct IntSetting {
  std::int64_t& (*at)(LiveConfig&);
  IntRange range;
};

struct BoolSetting {
  bool& (*at)(LiveConfig&);
};

/// A setting with one word out of a list; words and values are matched by index.
struct WordSetting {
  std::span<const std::string_view> words;
  std::size_t (*get)(const LiveConfig&);
  void (*set)(LiveConfig&, std::size_t);
};

enum class TextRule {
  not_empty,
  variable_name,
  http_url,
  http_url_or_none,
  nats_urls,
  nats_urls_or_none,
  redis_url,
  uid_range_or_none,
};
struct TextSetting {
  std::string& (*at)(LiveConfig&);
  TextRule rule;
};

struct Setting {
  std::string_view path;  // `vector.url`: at most one section deep
  std::variant<IntSetting, BoolSetting, WordSetting, TextSetting> kind;
};

/// All settings but `context_keys`, by section, then in the order of LiveConfig.
std::span<const Setting> all_settings();

/// Reads one value into `config`; false when it is wrong (the complaint is made).
bool read_setting(YamlSource& source, const YamlNode& node, const Setting& setting,
                  LiveConfig& config);

/// The value as JSON text, passwords in URLs left out.
std::string write_setting(const Setting& setting, const LiveConfig& config);

/// The URLs of a comma-separated list without user names and passwords.
std::string without_password(std::string_view urls);

inline constexpr std::array<std::string_view, 5> kMergePolicyWords = {"replace", "deep", "counter",
                                                                      "gset", "state_machine"};

}  // namespace lc::proto
