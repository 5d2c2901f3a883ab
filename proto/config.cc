#include "proto/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "common/json.h"
#include "proto/config_settings.h"
#include "proto/yaml_fields.h"

namespace lc::proto {
namespace {

constexpr std::string_view kVariablePrefix = "LIVE_CREW_";
constexpr std::string_view kContextKeys = "context_keys";
constexpr std::size_t kContextKeysMax = 1'000;
constexpr std::size_t kStatesMax = 100;

// Collects the configuration and where each value came from.
class Resolver {
 public:
  void read_file(std::string_view text, std::string_view name) {
    YamlSource source{std::string(name), diagnostics_};
    const auto root = read_yaml(source, text);
    if (!root || root->kind == YamlKind::null) {
      return;
    }
    if (root->kind != YamlKind::mapping) {
      source.error(*root, fmt::format("expected a mapping, found {}", shown(*root)),
                   "write settings like slice_ms: 500");
      return;
    }
    read_sections(source, *root);
  }

  void read_environment(const std::map<std::string, std::string>& environment) {
    for (const auto& [name, value] : environment) {
      if (name.starts_with(kVariablePrefix) &&
          std::ranges::find(kProgramVariables, name) == kProgramVariables.end()) {
        read_variable(name, value);
      }
    }
  }

  ConfigResult finish() {
    check_together();
    ConfigResult result;
    for (const Setting& setting : all_settings()) {
      result.entries.push_back({std::string(setting.path), write_setting(setting, config_),
                                origin_of(std::string(setting.path))});
    }
    for (const auto& [key, policy] : config_.context_keys) {
      const std::string path = fmt::format("{}.{}", kContextKeys, key);
      result.entries.push_back({path, write_policy(policy), origin_of(path)});
    }
    if (config_.context_keys.empty()) {
      result.entries.push_back(
          {std::string(kContextKeys), "{}", origin_of(std::string(kContextKeys))});
    }
    std::ranges::sort(result.entries, {}, &ConfigEntry::path);
    sort_diagnostics(diagnostics_);
    if (!has_errors(diagnostics_)) {
      result.config = std::move(config_);
    }
    result.diagnostics = std::move(diagnostics_);
    return result;
  }

 private:
  void read_sections(YamlSource& source, const YamlNode& root) {
    YamlFields top(source, root, "");
    std::set<std::string_view> sections;
    for (const Setting& setting : all_settings()) {
      const std::size_t dot = setting.path.find('.');
      if (dot == std::string_view::npos) {
        read_from_file(source, top.take(setting.path), setting);
      } else if (sections.insert(setting.path.substr(0, dot)).second) {
        read_section(source, top, setting.path.substr(0, dot));
      }
    }
    if (const YamlNode* keys = top.take(kContextKeys)) {
      read_context_keys(source, *keys);
    }
    top.refuse_unknown();
  }

  void read_section(YamlSource& source, YamlFields& top, std::string_view section) {
    const YamlNode* node = top.take(section);
    if (node == nullptr || node->kind == YamlKind::null) {
      return;
    }
    if (node->kind != YamlKind::mapping) {
      source.error(*node, fmt::format("{}: expected a mapping, found {}", section, shown(*node)));
      return;
    }
    const std::string path = fmt::format("{}.", section);
    YamlFields fields(source, *node, path);
    for (const Setting& setting : all_settings()) {
      if (setting.path.starts_with(path)) {
        read_from_file(source, fields.take(setting.path.substr(path.size())), setting);
      }
    }
    fields.refuse_unknown();
  }

  void read_from_file(YamlSource& source, const YamlNode* node, const Setting& setting) {
    if (node != nullptr && read_setting(source, *node, setting, config_)) {
      origins_[std::string(setting.path)] = source.at(*node);
    }
  }

  void read_context_keys(YamlSource& source, const YamlNode& node) {
    if (node.kind == YamlKind::null) {
      return;
    }
    if (node.kind != YamlKind::mapping || node.members.size() > kContextKeysMax) {
      source.error(node,
                   fmt::format("{}: expected a mapping of at most {} keys, found {}", kContextKeys,
                               kContextKeysMax, shown(node)),
                   "write {score: deep, goals: counter}");
      return;
    }
    for (const auto& [key, value] : node.members) {
      const std::string path = fmt::format("{}.{}", kContextKeys, key.text);
      if (auto policy = read_policy(source, value, path)) {
        config_.context_keys[key.text] = std::move(*policy);
        origins_[path] = source.at(value);
      }
    }
  }

  std::optional<ContextKeyPolicy> read_policy(YamlSource& source, const YamlNode& node,
                                              const std::string& path) {
    ContextKeyPolicy policy;
    const YamlNode* word = &node;
    const YamlNode* states = nullptr;
    if (node.kind == YamlKind::mapping) {
      YamlFields fields(source, node, path + ".");
      word = fields.require("policy", join_words(kMergePolicyWords));
      states = fields.take("states");
      fields.refuse_unknown();
    }
    if (word == nullptr) {
      return std::nullopt;
    }
    const auto kind = read_enum<MergePolicy>(source, *word, path, kMergePolicyWords);
    if (!kind) {
      return std::nullopt;
    }
    policy.policy = *kind;
    if (policy.policy == MergePolicy::state_machine) {
      return read_states(source, states == nullptr ? node : *states, path, policy);
    }
    if (states != nullptr) {
      source.error(*states, fmt::format("{}.states: only state_machine has states", path),
                   "remove the key");
      return std::nullopt;
    }
    return policy;
  }

  std::optional<ContextKeyPolicy> read_states(YamlSource& source, const YamlNode& node,
                                              const std::string& path, ContextKeyPolicy policy) {
    if (node.kind == YamlKind::sequence) {
      for (const YamlNode& item : read_list(source, node, path + ".states", kStatesMax)) {
        auto state = read_text(source, item, path + ".states");
        if (state && std::ranges::find(policy.states, *state) != policy.states.end()) {
          source.error(item, fmt::format("{}.states: '{}' is given twice", path, *state),
                       "remove one");
        }
        policy.states.push_back(std::move(state).value_or(""));
      }
    }
    if (policy.states.size() < 2) {
      source.error(node, fmt::format("{}.states: a state_machine needs at least two states", path),
                   "list them, lowest priority first");
      return std::nullopt;
    }
    return policy;
  }

  void read_variable(const std::string& name, const std::string& value) {
    std::vector<std::string> names;
    for (const Setting& setting : all_settings()) {
      names.push_back(config_variable(setting.path));
    }
    const auto it = std::ranges::find(names, name);
    YamlSource source{name, diagnostics_};
    YamlNode node;
    node.kind = YamlKind::scalar;
    node.text = value;
    if (it != names.end()) {
      const Setting& setting = all_settings()[static_cast<std::size_t>(it - names.begin())];
      const bool is_text = std::holds_alternative<TextSetting>(setting.kind);
      node.style = is_text ? YamlStyle::quoted : YamlStyle::plain;
      if (read_setting(source, node, setting, config_)) {
        origins_[std::string(setting.path)] = {name};
      }
      return;
    }
    if (name.starts_with(config_variable(kContextKeys))) {
      source.error(node, "context_keys can only be set in the configuration file");
      return;
    }
    // The common start would make everything look near.
    std::vector<std::string_view> known;
    for (const std::string_view other : names) {
      known.push_back(other.substr(kVariablePrefix.size()));
    }
    for (const std::string_view other : kProgramVariables) {
      known.push_back(other.substr(kVariablePrefix.size()));
    }
    const std::string_view meant = nearest(name.substr(kVariablePrefix.size()), known);
    source.error(node, "no setting has this variable",
                 meant.empty() ? "live-crew help env lists them"
                               : fmt::format("did you mean '{}{}'?", kVariablePrefix, meant));
  }

  // Rules about several settings; the one that asks for the other is blamed.
  void check_together() {
    const std::string& backend = config_.vector.backend;
    if (!backend.empty() && backend != "memory" && config_.vector.url.empty()) {
      diagnostics_.push_back({origins_["vector.backend"], Severity::error,
                              fmt::format("vector.url is missing: backend '{}' needs it", backend),
                              "set vector.url or LIVE_CREW_VECTOR__URL"});
    }
  }

  std::string origin_of(const std::string& path) const {
    const auto it = origins_.find(path);
    if (it == origins_.end()) {
      return "default";
    }
    const SourceLocation& where = it->second;
    return where.line == 0 ? where.file
                           : fmt::format("{}:{}:{}", where.file, where.line, where.column);
  }

  static std::string write_policy(const ContextKeyPolicy& policy) {
    std::string out;
    JsonWriter writer(out);
    writer.begin_object().key("policy").string(to_string(policy.policy));
    if (!policy.states.empty()) {
      writer.key("states").begin_array();
      for (const std::string& state : policy.states) {
        writer.string(state);
      }
      writer.end_array();
    }
    writer.end_object();
    return out;
  }

  LiveConfig config_;
  std::vector<Diagnostic> diagnostics_;
  std::map<std::string, SourceLocation> origins_;
};

}  // namespace

std::string config_variable(std::string_view path) {
  std::string out(kVariablePrefix);
  for (const char c : path) {
    if (c == '.') {
      out += "__";
    } else {
      out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    }
  }
  return out;
}

ConfigResult resolve_config(std::string_view file_text, std::string_view file_name,
                            const std::map<std::string, std::string>& environment) {
  Resolver resolver;
  resolver.read_file(file_text, file_name);
  resolver.read_environment(environment);
  return resolver.finish();
}

}  // namespace lc::proto
