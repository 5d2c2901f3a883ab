#include "proto/yaml_fields.h"

#include <fmt/format.h>

#include <algorithm>

namespace lc::proto {

void YamlSource::error(const YamlNode& node, std::string message, std::string hint) {
  diagnostics.push_back({at(node), Severity::error, std::move(message), std::move(hint)});
}

void YamlSource::warning(const YamlNode& node, std::string message, std::string hint) {
  diagnostics.push_back({at(node), Severity::warning, std::move(message), std::move(hint)});
}

std::optional<YamlNode> read_yaml(YamlSource& source, std::string_view text) {
  auto root = parse_yaml(text, source.file);
  if (root) {
    return std::move(*root);
  }
  YamlProblems& problems = root.error();
  source.diagnostics.insert(source.diagnostics.end(), problems.diagnostics.begin(),
                            problems.diagnostics.end());
  return std::move(problems.readable);
}

YamlFields::YamlFields(YamlSource& source, const YamlNode& mapping, std::string path)
    : source_(source), mapping_(mapping), path_(std::move(path)) {}

const YamlNode* YamlFields::take(std::string_view key) {
  known_.push_back(key);
  return find(mapping_, key);
}

const YamlNode* YamlFields::require(std::string_view key, std::string_view hint) {
  const YamlNode* value = take(key);
  if (value == nullptr) {
    source_.error(mapping_, fmt::format("'{}' is missing", path_of(key)), std::string(hint));
  }
  return value;
}

void YamlFields::refuse_unknown() {
  for (const auto& [key, value] : mapping_.members) {
    if (std::ranges::find(known_, key.text) != known_.end()) {
      continue;
    }
    const std::string_view meant = nearest(key.text, known_);
    source_.error(key, fmt::format("unknown key '{}'", path_of(key.text.substr(0, 100))),
                  meant.empty() ? "known keys: " + join_words(known_)
                                : fmt::format("did you mean '{}'?", meant));
  }
}

std::string join_words(std::span<const std::string_view> words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    out += i == 0 ? "" : i + 1 == words.size() ? " or " : ", ";
    out += words[i];
  }
  return out;
}

std::string shown(const YamlNode& node) {
  constexpr std::size_t kShownCharsMax = 80;
  if (node.kind != YamlKind::scalar) {
    return std::string(describe(node));
  }
  std::string text = node.text;
  if (text.size() > kShownCharsMax) {
    std::size_t end = kShownCharsMax;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
      --end;  // never cut a character in two
    }
    text = text.substr(0, end) + "...";
  }
  std::ranges::replace(text, '\n', ' ');
  return fmt::format("'{}'", text);
}

std::optional<std::int64_t> read_int(YamlSource& source, const YamlNode& node,
                                     std::string_view path, IntRange range) {
  const auto value = as_int(to_json(node));
  if (!value || *value < range.min || *value > range.max) {
    source.error(node,
                 fmt::format("{}: {} is not a whole number from {} to {}", path, shown(node),
                             range.min, range.max),
                 node.kind == YamlKind::scalar && node.style == YamlStyle::quoted
                     ? "write numbers without quotes"
                     : "");
    return std::nullopt;
  }
  return value;
}

std::optional<bool> read_bool(YamlSource& source, const YamlNode& node, std::string_view path) {
  const Json json = to_json(node);
  if (const bool* value = as_bool(json)) {
    return *value;
  }
  source.error(node, fmt::format("{}: {} is not true or false", path, shown(node)));
  return std::nullopt;
}

std::optional<std::string> read_text(YamlSource& source, const YamlNode& node,
                                     std::string_view path) {
  const Json json = to_json(node);
  if (const std::string* text = as_string(json)) {
    return *text;
  }
  source.error(
      node,
      fmt::format("{}: expected a text, found {}", path,
                  node.kind == YamlKind::scalar ? fmt::format("{} {}", describe(node), shown(node))
                                                : shown(node)),
      node.kind == YamlKind::scalar ? "put it in quotes" : "");
  return std::nullopt;
}

std::optional<std::size_t> read_word(YamlSource& source, const YamlNode& node,
                                     std::string_view path,
                                     std::span<const std::string_view> words) {
  if (node.kind == YamlKind::scalar) {
    if (const auto it = std::ranges::find(words, node.text); it != words.end()) {
      return static_cast<std::size_t>(it - words.begin());
    }
  }
  const std::string_view meant = nearest(node.text, words);
  source.error(node, fmt::format("{}: {} is not {}", path, shown(node), join_words(words)),
               meant.empty() ? "" : fmt::format("did you mean '{}'?", meant));
  return std::nullopt;
}

std::span<const YamlNode> read_list(YamlSource& source, const YamlNode& node, std::string_view path,
                                    std::size_t items_max) {
  if (node.kind != YamlKind::sequence) {
    source.error(
        node, fmt::format("{}: expected a list, found {}", path, shown(node)),
        node.kind == YamlKind::scalar ? fmt::format("write [{}]", node.text.substr(0, 80)) : "");
    return {};
  }
  if (node.items.size() > items_max) {
    source.error(node, fmt::format("{}: {} entries exceed the limit of {}", path, node.items.size(),
                                   items_max));
  }
  return node.items;
}

}  // namespace lc::proto
