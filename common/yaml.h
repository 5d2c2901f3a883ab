#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/diagnostic.h"
#include "common/json.h"

namespace lc {

enum class YamlKind { null, scalar, sequence, mapping };
enum class YamlStyle { plain, quoted };  // a quoted scalar is always a string

struct YamlMember;

/// A YAML value that remembers where it was written (line and column from 1).
struct YamlNode {
  YamlKind kind = YamlKind::null;
  YamlStyle style = YamlStyle::plain;
  std::string text;                 // kind scalar
  std::vector<YamlNode> items;      // kind sequence
  std::vector<YamlMember> members;  // kind mapping, in the order written; keys are scalars
  int line = 0;
  int column = 0;
};

/// Not a pair: clang refuses one of a type that is not complete yet.
struct YamlMember {
  YamlNode first;
  YamlNode second;
};

inline constexpr std::size_t kYamlBytesMax = std::size_t{1} << 20;
inline constexpr int kYamlDepthMax = 64;

/// Why a text is refused, and what it holds all the same, so that more can be said about it.
struct YamlProblems {
  std::vector<Diagnostic> diagnostics;  // sorted, at least one
  std::optional<YamlNode> readable;     // without second members of a name, anchors and tags
};

/// Parses one YAML document; an empty text is a null node.
///
/// Errors: every problem as a Diagnostic with file, line and column: syntax (the first one only:
/// the rest cannot be read then), duplicate keys, keys that are no scalars, aliases and anchors,
/// tags, several documents, depth over 64, over 1 MiB, not UTF-8, control characters.
std::expected<YamlNode, YamlProblems> parse_yaml(std::string_view text, std::string_view file);

/// The member called `key` of a mapping, or null.
const YamlNode* find(const YamlNode& mapping, std::string_view key);

/// Where the character at `line` and `column` (from 1) of a scalar's own text stands in the file:
/// exact for `|` blocks and one-line scalars, else where the scalar starts.
SourceLocation locate_in_scalar(std::string_view text, std::string_view file,
                                const YamlNode& scalar, int line, int column);

/// `text`, `a list`, `a mapping`, `true or false`, `a number` or `nothing`, for messages.
std::string_view describe(const YamlNode& node);

/// The node as JSON, plain scalars typed by the YAML 1.2 core schema (null, true, 12, 1.5, text).
Json to_json(const YamlNode& node);

}  // namespace lc
