// Reading YAML with yaml-cpp's event parser, which knows the line and column of everything; nothing
// else includes it, and its exceptions end here.

#include "common/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <sstream>
#include <unordered_map>

#include "common/yaml_text.h"

namespace lc {
namespace {

// Turns byte marks into lines and columns of characters. The marks come in nearly ascending order,
// so the starts of the lines are collected once.
class Places {
 public:
  Places(std::string_view text, std::string_view file) : text_(text), file_(file) {
    starts_.push_back(0);
    for (std::size_t at = text.find('\n'); at != std::string_view::npos;
         at = text.find('\n', at + 1)) {
      starts_.push_back(at + 1);
    }
  }

  SourceLocation at(const YAML::Mark& mark) {
    if (mark.line < 0) {
      return {file_};
    }
    const auto line = std::min(static_cast<std::size_t>(mark.line), starts_.size() - 1);
    const std::size_t target =
        std::min(starts_[line] + static_cast<std::size_t>(mark.column),
                 line + 1 < starts_.size() ? starts_[line + 1] : text_.size());
    // Counting goes on from the last mark: a file that is one long line would else be counted from
    // its start for every value.
    if (line != last_line_ || target < last_byte_) {
      last_line_ = line;
      last_byte_ = starts_[line];
      last_column_ = 1;
    }
    const std::string_view passed = text_.substr(last_byte_, target - last_byte_);
    last_column_ += column_in_characters(passed, static_cast<int>(passed.size()) + 1) - 1;
    last_byte_ = target;
    return {file_, static_cast<int>(line) + 1, last_column_};
  }

  std::string_view rest(const YAML::Mark& mark) const {
    const auto line = std::min(static_cast<std::size_t>(mark.line), starts_.size() - 1);
    const std::size_t at = starts_[line] + static_cast<std::size_t>(mark.column);
    return at < text_.size() ? text_.substr(at) : std::string_view();
  }

  std::string_view line(const YAML::Mark& mark) const {
    return mark.line < 0 ? std::string_view() : line_of(text_, mark.line + 1);
  }

  const std::string& file() const { return file_; }

 private:
  std::string_view text_;
  std::string file_;
  std::vector<std::size_t> starts_;
  std::size_t last_line_ = 0;
  std::size_t last_byte_ = 0;
  int last_column_ = 1;
};

// The parser takes a quoted text that is never closed for one that ends with the file.
bool is_closed(std::string_view quoted) {
  const char quote = quoted.empty() ? '\0' : quoted[0];
  if (quote != '\'' && quote != '"') {
    return true;
  }
  for (std::size_t at = 1; at < quoted.size(); ++at) {
    if (quote == '"' && quoted[at] == '\\') {
      ++at;
    } else if (quoted[at] == quote) {
      if (quote == '"' || !quoted.substr(at + 1).starts_with('\'')) {
        return true;
      }
      ++at;
    }
  }
  return false;
}

// Builds the tree from the parser's events; complaints are collected, nothing is thrown.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(Places& places) : places_(places) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 1) {
      return;
    }
    if (places_.line(mark).starts_with("---")) {
      complain(mark, "a second document starts here", "keep one document per file: remove '---'");
    } else {
      complain(mark, "this does not belong to what stands above it", "check the indentation");
    }
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    put(make(YamlKind::null, mark));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    complain(mark, "aliases (*name) are not accepted", "write the value out");
    put(make(YamlKind::null, mark));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    YamlNode node = make(YamlKind::scalar, mark);
    node.style = tag == "!" ? YamlStyle::quoted : YamlStyle::plain;
    node.text = value;
    if (node.style == YamlStyle::quoted && !is_closed(places_.rest(mark))) {
      complain(mark, "this quote is never closed", "add the closing quote");
    }
    put(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    open(YamlKind::sequence, mark);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    open(YamlKind::mapping, mark);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

  void complain(const YAML::Mark& mark, std::string message, std::string hint) {
    readable_ = false;
    note(mark, std::move(message), std::move(hint));
  }

  // Whether the tree holds what was meant, but for what was complained about.
  bool is_readable() const { return readable_; }

  std::vector<Diagnostic>& problems() { return problems_; }
  YamlNode take() { return std::move(root_); }

 private:
  struct Level {
    YamlNode node;
    std::optional<YamlNode> key;                // of a mapping, while its value is awaited
    bool repeats = false;                       // the key was there before
    std::unordered_map<std::string, int> keys;  // to the line of the first one
  };

  // A complaint that leaves the rest as it was meant.
  void note(const YAML::Mark& mark, std::string message, std::string hint) {
    problems_.push_back({places_.at(mark), Severity::error, std::move(message), std::move(hint)});
  }

  YamlNode make(YamlKind kind, const YAML::Mark& mark) {
    const SourceLocation where = places_.at(mark);
    YamlNode node;
    node.kind = kind;
    node.line = where.line;
    node.column = where.column;
    return node;
  }

  void open(YamlKind kind, const YAML::Mark& mark) {
    if (static_cast<int>(levels_.size()) == kYamlDepthMax) {
      complain(mark, fmt::format("nested deeper than {} levels", kYamlDepthMax), "");
    }
    levels_.push_back({.node = make(kind, mark), .key = {}, .repeats = false, .keys = {}});
  }

  void close() {
    YamlNode node = std::move(levels_.back().node);
    levels_.pop_back();
    // What lies too deep is cut off: the complaint is made, and no tree may grow past the limit.
    if (static_cast<int>(levels_.size()) >= kYamlDepthMax) {
      node = YamlNode{};
    }
    put(std::move(node));
  }

  void put(YamlNode node) {
    if (levels_.empty()) {
      root_ = std::move(node);
      return;
    }
    Level& level = levels_.back();
    if (level.node.kind == YamlKind::sequence) {
      level.node.items.push_back(std::move(node));
    } else if (!level.key) {
      take_key(level, std::move(node));
    } else {
      if (node.kind == YamlKind::null && node.line != level.key->line) {
        node.line = level.key->line;  // nothing was written: the mark is the next token's
        node.column = level.key->column;
      }
      if (!level.repeats) {
        level.node.members.emplace_back(std::move(*level.key), std::move(node));
      }
      level.key.reset();
    }
  }

  void take_key(Level& level, YamlNode key) {
    level.repeats = false;
    if (key.kind != YamlKind::scalar) {
      readable_ = false;
      problems_.push_back({{places_.file(), key.line, key.column},
                           Severity::error,
                           "a key must be a name, not " + std::string(describe(key)),
                           "quote it if it is meant as text"});
    } else if (const auto [first, fresh] = level.keys.emplace(key.text, key.line); !fresh) {
      level.repeats = true;
      problems_.push_back({{places_.file(), key.line, key.column},
                           Severity::error,
                           fmt::format("duplicate key '{}'", key.text),
                           fmt::format("it stands in line {} already", first->second)});
    }
    level.key = std::move(key);
  }

  void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) {
      note(mark, "anchors (&name) are not accepted", "write the value out where it is used");
    }
  }

  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!") {
      note(mark, fmt::format("tags are not accepted: '{}'", tag), "remove the tag");
    }
  }

  Places& places_;
  YamlNode root_;
  std::vector<Level> levels_;
  std::vector<Diagnostic> problems_;
  int documents_ = 0;
  bool readable_ = true;
};

std::string hint_for(std::string_view problem, std::string_view line) {
  const std::string_view indent = line.substr(0, line.find_first_not_of(" \t"));
  if (indent.find('\t') != std::string_view::npos) {
    return "indent with spaces, not tabs";
  }
  if (problem == YAML::ErrorMsg::MAP_VALUE) {
    return "check the indentation; quote a text that contains ': '";
  }
  if (problem == YAML::ErrorMsg::END_OF_MAP || problem == YAML::ErrorMsg::END_OF_SEQ) {
    return "check the indentation and the quotes of this line";
  }
  if (problem == YAML::ErrorMsg::UNKNOWN_TOKEN) {
    return "quote a text that starts with a special character";
  }
  return {};
}

}  // namespace

std::expected<YamlNode, YamlProblems> parse_yaml(std::string_view text, std::string_view file) {
  if (auto problem = check_yaml_text(text, file)) {
    return std::unexpected(YamlProblems{{std::move(*problem)}, {}});
  }
  if (text.starts_with("\xef\xbb\xbf")) {
    text.remove_prefix(3);
  }
  Places places(text, file);
  TreeBuilder builder(places);
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    if (parser.HandleNextDocument(builder)) {
      YamlNode root = builder.take();
      parser.HandleNextDocument(builder);
      if (builder.problems().empty()) {
        return root;
      }
      if (builder.is_readable()) {
        sort_diagnostics(builder.problems());
        return std::unexpected(YamlProblems{std::move(builder.problems()), std::move(root)});
      }
    }
  } catch (const YAML::Exception& e) {
    builder.complain(e.mark, e.msg, hint_for(e.msg, places.line(e.mark)));
  } catch (const std::exception& e) {
    builder.complain(YAML::Mark::null_mark(), e.what(), "");
  }
  if (!builder.problems().empty()) {
    sort_diagnostics(builder.problems());
    return std::unexpected(YamlProblems{std::move(builder.problems()), {}});
  }
  return YamlNode{};
}

}  // namespace lc
