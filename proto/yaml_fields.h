#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/diagnostic.h"
#include "common/yaml.h"

// Reading typed values out of a YAML tree, collecting every complaint with its place.
namespace lc::proto {

/// The file being read and the complaints so far.
struct YamlSource {
  std::string file;
  std::vector<Diagnostic>& diagnostics;

  SourceLocation at(const YamlNode& node) const { return {file, node.line, node.column}; }
  void error(const YamlNode& node, std::string message, std::string hint = {});
  void warning(const YamlNode& node, std::string message, std::string hint = {});
};

/// The tree of the whole file. What is wrong with it is reported to `source`; nothing when it
/// cannot be read in spite of that.
std::optional<YamlNode> read_yaml(YamlSource& source, std::string_view text);

/// The keys of one mapping: those asked for are known, `refuse_unknown` complains about the others.
class YamlFields {
 public:
  /// `path` stands before the keys in messages (`needs[0].`).
  YamlFields(YamlSource& source, const YamlNode& mapping, std::string path);

  /// The value of `key`, or null when the key is absent.
  const YamlNode* take(std::string_view key);
  /// Like `take`; an absent key is an error.
  const YamlNode* require(std::string_view key, std::string_view hint);
  std::string path_of(std::string_view key) const { return path_ + std::string(key); }

  void refuse_unknown();

 private:
  YamlSource& source_;
  const YamlNode& mapping_;
  std::string path_;
  std::vector<std::string_view> known_;
};

struct IntRange {
  std::int64_t min = 0;
  std::int64_t max = 0;
};

/// `a, b or c`
std::string join_words(std::span<const std::string_view> words);

/// The text of a scalar as the file has it, quoted and cut to a length that a line can show.
std::string shown(const YamlNode& node);

// Each reads one value; nothing when it is wrong (the complaint is made).
std::optional<std::int64_t> read_int(YamlSource& source, const YamlNode& node,
                                     std::string_view path, IntRange range);
std::optional<bool> read_bool(YamlSource& source, const YamlNode& node, std::string_view path);
std::optional<std::string> read_text(YamlSource& source, const YamlNode& node,
                                     std::string_view path);
std::optional<std::size_t> read_word(YamlSource& source, const YamlNode& node,
                                     std::string_view path,
                                     std::span<const std::string_view> words);

/// The items of a list; an empty list when it is none (the complaint is made).
std::span<const YamlNode> read_list(YamlSource& source, const YamlNode& node, std::string_view path,
                                    std::size_t items_max);

/// One of `words` by name, as an enumerator whose values count from 0 in the same order.
template <class Enum>
std::optional<Enum> read_enum(YamlSource& source, const YamlNode& node, std::string_view path,
                              std::span<const std::string_view> words) {
  if (const auto index = read_word(source, node, path, words)) {
    return static_cast<Enum>(*index);
  }
  return std::nullopt;
}

}  // namespace lc::proto
