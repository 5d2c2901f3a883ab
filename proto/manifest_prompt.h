#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "proto/manifest.h"
#include "proto/template/check.h"
#include "proto/yaml_fields.h"

// The keys that make a prompt crew; they may stand in either of a crew's two files.
namespace lc::proto {

inline constexpr std::array<std::string_view, 7> kPromptKeys = {
    "system_prompt", "user_template", "patch_template", "outputs",
    "model",         "temperature",   "max_tokens"};

/// Collects the prompt keys of both files into one PromptSpec.
class PromptReader {
 public:
  /// Reads the prompt keys among `fields`; `text` is the file's whole text.
  void read(YamlSource& source, YamlFields& fields, std::string_view text);

  /// Where the first prompt key was seen: `user_template` of file f.yaml, line 3.
  struct Seen {
    std::string_view key;
    SourceLocation where;
  };
  const std::optional<Seen>& first() const { return first_; }
  const PromptSpec& spec() const { return spec_; }

 private:
  void read_key(YamlSource& source, std::string_view key, const YamlNode& node,
                std::string_view text);
  void read_outputs(YamlSource& source, const YamlNode& list, std::string_view text);
  void check_templates_in(YamlSource& source, const YamlNode& node, std::string_view path,
                          std::string_view text);
  std::string read_template(YamlSource& source, const YamlNode& node, std::string_view path,
                            std::string_view text, templates::TemplateUse use);
  void check(YamlSource& source, const YamlNode& node, std::string_view path, std::string_view text,
             templates::TemplateUse use);

  PromptSpec spec_;
  std::optional<Seen> first_;
  std::map<std::string_view, SourceLocation> seen_;
};

}  // namespace lc::proto
