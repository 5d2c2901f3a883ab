#include "proto/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "common/fingerprint.h"
#include "proto/manifest_process.h"
#include "proto/manifest_prompt.h"
#include "proto/yaml_fields.h"

namespace lc::proto {
namespace {

constexpr std::array<std::string_view, 2> kNeedTypes = {"crew", "event"};
constexpr std::array<std::string_view, 2> kBacklogPolicies = {"fifo", "latest"};
constexpr std::array<std::string_view, 2> kDispatchModes = {"slice", "event"};
constexpr std::string_view kRuntimeSuffix = ".runtime.yaml";

std::string_view folder_of(std::string_view file) {
  const std::size_t slash = file.rfind('/');
  return slash == std::string_view::npos ? "." : slash == 0 ? "/" : file.substr(0, slash);
}

// `vision` of `crews/vision.runtime.yaml`; empty when the file is called otherwise.
std::string_view stem_of(std::string_view file) {
  file.remove_prefix(file.rfind('/') + 1);  // npos + 1 is 0
  return file.ends_with(kRuntimeSuffix) ? file.substr(0, file.size() - kRuntimeSuffix.size())
                                        : std::string_view();
}

// Reads the keys of `<crew>.runtime.yaml` one by one into a Manifest.
class RuntimeReader {
 public:
  RuntimeReader(YamlSource& source, const YamlNode& root, Manifest& manifest)
      : source_(source), fields_(source, root, ""), manifest_(manifest) {}

  void read() {
    read_crew();
    read_triggers();
    read_needs();
    read_wait_policy();
    read_limits();
    read_process_keys(source_, fields_, manifest_);
    read_unsupported("tools");
    read_unsupported("capabilities");
    read_runner();
  }

  YamlFields& fields() { return fields_; }
  const YamlNode* runner() const { return runner_; }

 private:
  void read_crew() {
    const YamlNode* node = fields_.require("crew", "name the crew, as in crew: vision");
    if (node == nullptr) {
      return;
    }
    manifest_.where = source_.at(*node);
    const auto text = read_text(source_, *node, "crew");
    if (!text) {
      return;
    }
    auto name = parse_crew_id(*text);
    if (!name) {
      source_.error(*node, name.error().message);
      return;
    }
    manifest_.crew = std::move(*name);
    const std::string_view stem = stem_of(source_.file);
    if (!stem.empty() && stem != manifest_.crew.value) {
      source_.warning(
          *node,
          fmt::format("crew '{}' stands in a file called '{}{}'", manifest_.crew.value, stem,
                      kRuntimeSuffix),
          fmt::format("rename the file to '{}{}'", manifest_.crew.value, kRuntimeSuffix));
    }
  }

  void read_triggers() {
    constexpr std::string_view kHint = "name the kinds of event that wake the crew";
    const YamlNode* node = fields_.require("triggers", kHint);
    if (node == nullptr) {
      return;
    }
    const auto items = read_list(source_, *node, "triggers", kTriggersMax);
    if (node->kind == YamlKind::sequence && items.empty()) {
      source_.error(*node, "triggers: the list is empty", std::string(kHint));
    }
    for (std::size_t i = 0; i < items.size(); ++i) {
      const std::string path = fmt::format("triggers[{}]", i);
      auto kind = read_kind(items[i], path);
      if (!kind) {
        continue;
      }
      if (std::ranges::find(manifest_.triggers, *kind) != manifest_.triggers.end()) {
        source_.error(items[i], fmt::format("{}: '{}' is given twice", path, kind->value),
                      "remove one");
      } else {
        manifest_.triggers.push_back(std::move(*kind));
      }
    }
  }

  std::optional<Kind> read_kind(const YamlNode& node, std::string_view path) {
    const auto text = read_text(source_, node, path);
    if (!text) {
      return std::nullopt;
    }
    auto kind = parse_kind(*text);
    if (!kind) {
      source_.error(node, fmt::format("{}: {}", path, kind.error().message));
      return std::nullopt;
    }
    return std::move(*kind);
  }

  void read_needs() {
    const YamlNode* node = fields_.take("needs");
    if (node == nullptr) {
      return;
    }
    const auto items = read_list(source_, *node, "needs", kNeedsMax);
    for (std::size_t i = 0; i < items.size(); ++i) {
      const std::string path = fmt::format("needs[{}]", i);
      const auto need = read_need(items[i], path);
      if (!need) {
        continue;
      }
      if (std::ranges::find(manifest_.needs, *need) != manifest_.needs.end()) {
        source_.error(items[i], fmt::format("{}: '{}' is given twice", path, need_label(*need)),
                      "remove one");
      }
      manifest_.needs.push_back(*need);
      manifest_.need_where.push_back(name_where_);
    }
  }

  std::optional<Need> read_need(const YamlNode& node, const std::string& path) {
    constexpr std::string_view kHint = "write {type: crew, crew: vision, offset: -1}";
    if (node.kind != YamlKind::mapping) {
      source_.error(node, fmt::format("{}: expected a mapping, found {}", path, shown(node)),
                    std::string(kHint));
      return std::nullopt;
    }
    YamlFields fields(source_, node, path + ".");
    const YamlNode* type_node = fields.require("type", kHint);
    if (type_node == nullptr) {
      return std::nullopt;
    }
    const auto type = read_enum<NeedType>(source_, *type_node, path + ".type", kNeedTypes);
    if (!type) {
      return std::nullopt;
    }
    Need need = {*type, {}, *type == NeedType::crew ? -1 : 0};
    const std::string_view name_key = kNeedTypes[static_cast<std::size_t>(*type)];
    const YamlNode* name = fields.require(name_key, kHint);
    const bool named = name != nullptr && read_need_name(*name, fields.path_of(name_key), need);
    const YamlNode* offset_node = fields.take("offset");
    const auto offset = offset_node == nullptr
                            ? std::optional(need.offset)
                            : read_int(source_, *offset_node, fields.path_of("offset"),
                                       {-kNeedOffsetMax, kNeedOffsetMax});
    fields.refuse_unknown();
    if (!named || !offset) {
      return std::nullopt;
    }
    need.offset = *offset;
    return need;
  }

  bool read_need_name(const YamlNode& node, const std::string& path, Need& need) {
    name_where_ = source_.at(node);
    const auto text = read_text(source_, node, path);
    if (!text) {
      return false;
    }
    need.name = *text;
    if (need.type == NeedType::event) {
      return read_kind(node, path).has_value();
    }
    const auto name = parse_crew_id(*text);
    if (!name) {
      source_.error(node, fmt::format("{}: {}", path, name.error().message));
    }
    return name.has_value();
  }

  void read_wait_policy() {
    constexpr std::string_view kWords[] = {"all", "any", "none"};
    constexpr std::string_view kTimeout = "timeout:";
    manifest_.wait_policy = manifest_.needs.empty() ? WaitPolicy::none : WaitPolicy::all;
    const YamlNode* node = fields_.take("wait_policy");
    if (node == nullptr) {
      return;
    }
    if (node->kind == YamlKind::scalar && node->text.starts_with(kTimeout)) {
      const std::string_view digits = std::string_view(node->text).substr(kTimeout.size());
      const auto [end, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), manifest_.wait_timeout_ms);
      if (error == std::errc{} && !digits.starts_with('0') &&
          end == digits.data() + digits.size() && manifest_.wait_timeout_ms >= 1 &&
          manifest_.wait_timeout_ms <= kTimeoutMsMax) {
        manifest_.wait_policy = WaitPolicy::timeout;
        return;
      }
    } else if (node->kind == YamlKind::scalar) {
      const auto* word = std::ranges::find(kWords, node->text);
      if (word != std::end(kWords)) {
        manifest_.wait_policy = static_cast<WaitPolicy>(word - std::begin(kWords));
        return;
      }
    }
    const std::string_view meant = nearest(node->text, kWords);
    source_.error(*node,
                  fmt::format("wait_policy: {} is not all, any, none or timeout:<ms> (1 to {})",
                              shown(*node), kTimeoutMsMax),
                  node->kind == YamlKind::mapping ? "write timeout:250 without a space"
                  : meant.empty()                 ? ""
                                                  : fmt::format("did you mean '{}'?", meant));
  }

  void read_limits() {
    if (const YamlNode* node = fields_.take("slice_stride")) {
      manifest_.slice_stride =
          read_int(source_, *node, "slice_stride", {1, kSliceStrideMax}).value_or(1);
    }
    if (const YamlNode* node = fields_.take("backlog_policy")) {
      manifest_.backlog_policy =
          read_enum<BacklogPolicy>(source_, *node, "backlog_policy", kBacklogPolicies)
              .value_or(BacklogPolicy::fifo);
    }
    if (const YamlNode* node = fields_.take("max_errors")) {
      manifest_.max_errors =
          read_int(source_, *node, "max_errors", {1, kMaxErrorsMax}).value_or(kMaxErrorsDefault);
    }
    if (const YamlNode* node = fields_.take("dispatch")) {
      manifest_.dispatch = read_enum<DispatchMode>(source_, *node, "dispatch", kDispatchModes)
                               .value_or(DispatchMode::slice);
    }
  }

  // Keys that the format has and this version cannot honour: silence would be a lie.
  void read_unsupported(std::string_view key) {
    const YamlNode* node = fields_.take(key);
    if (node == nullptr) {
      return;
    }
    const auto items = read_list(source_, *node, key, kTriggersMax);
    if (!items.empty()) {
      source_.error(*node, fmt::format("{}: not supported by this version", key),
                    "remove the key or leave the list empty");
    }
  }

  void read_runner() {
    runner_ = fields_.take("runner");
    if (runner_ == nullptr) {
      return;
    }
    const auto items = read_list(source_, *runner_, "runner", kRunnerWordsMax);
    for (std::size_t i = 0; i < items.size(); ++i) {
      auto word = read_text(source_, items[i], fmt::format("runner[{}]", i));
      if (word && word->find('\0') != std::string::npos) {
        source_.error(items[i], fmt::format("runner[{}]: no word of a command can hold a NUL", i));
      }
      if (word && i == 0 && word->empty()) {
        source_.error(items[i], "runner[0]: the command is empty");
      }
      manifest_.runner.push_back(std::move(word).value_or(""));
    }
    if (runner_->kind == YamlKind::sequence && items.empty()) {
      source_.error(*runner_, "runner: the list is empty",
                    "name the program and its arguments, as in [python3, react.py]");
    }
  }

  YamlSource& source_;
  YamlFields fields_;
  Manifest& manifest_;
  const YamlNode* runner_ = nullptr;
  SourceLocation name_where_;  // of the need that was read last
};

// The mapping that a file must hold, or null (the complaint is made).
std::optional<YamlNode> read_mapping(YamlSource& source, std::string_view text,
                                     std::string_view expected) {
  auto root = read_yaml(source, text);
  if (!root) {
    return std::nullopt;
  }
  if (root->kind != YamlKind::mapping) {
    source.diagnostics.push_back({{source.file, root->line, root->column},
                                  Severity::error,
                                  fmt::format("expected a mapping, found {}", shown(*root)),
                                  std::string(expected)});
    return std::nullopt;
  }
  return std::move(*root);
}

void check_way(YamlSource& source, const ManifestSource& input, const RuntimeReader& reader,
               const PromptReader& prompt, Manifest& manifest) {
  if (reader.runner() != nullptr && prompt.first()) {
    source.error(
        *reader.runner(),
        fmt::format("the crew is both a program (runner) and a prompt crew ('{}' in {}, "
                    "line {})",
                    prompt.first()->key, prompt.first()->where.file, prompt.first()->where.line),
        "keep one of them");
  } else if (reader.runner() == nullptr && !prompt.first()) {
    source.diagnostics.push_back(
        {manifest.where.line > 0 ? manifest.where : SourceLocation{source.file}, Severity::error,
         input.has_crewai_files
             ? "the crew has nothing to run: CrewAI packages (agents.yaml, tasks.yaml) are not "
               "understood yet"
             : "the crew has nothing to run",
         "give it runner: [command, ...], or user_template and outputs in this file, or the same "
         "in <crew>.yaml beside it"});
  } else if (prompt.first()) {
    manifest.prompt = prompt.spec();
    if (manifest.prompt->outputs.empty() && manifest.prompt->patch_template.empty()) {
      source.diagnostics.push_back({prompt.first()->where, Severity::warning,
                                    "the crew's reactions have no effect",
                                    "give it outputs or a patch_template"});
    }
  }
}

}  // namespace

ManifestResult parse_manifest(const ManifestSource& input) {
  ManifestResult result;
  result.crew = stem_of(input.file);
  YamlSource source{std::string(input.file), result.diagnostics};
  const auto root = read_mapping(source, input.text, "start with crew: and triggers:");
  Manifest manifest;
  manifest.folder = folder_of(input.file);
  manifest.fingerprint = fingerprint(input.text) ^ (fingerprint(input.prompt_text) << 1U);
  PromptReader prompt;
  // The prompt's file is judged even when the other one cannot be read: all errors at once.
  std::optional<RuntimeReader> reader;
  if (root) {
    reader.emplace(source, *root, manifest);
    reader->read();
    prompt.read(source, reader->fields(), input.text);
    reader->fields().refuse_unknown();
  }
  if (!input.prompt_file.empty()) {
    YamlSource prompt_source{std::string(input.prompt_file), result.diagnostics};
    if (const auto prompt_root = read_mapping(prompt_source, input.prompt_text,
                                              "start with user_template: and outputs:")) {
      YamlFields fields(prompt_source, *prompt_root, "");
      prompt.read(prompt_source, fields, input.prompt_text);
      fields.refuse_unknown();
    }
  }
  if (reader) {
    check_way(source, input, *reader, prompt, manifest);
  }
  if (!manifest.crew.empty()) {
    result.crew = manifest.crew.value;
  }
  sort_diagnostics(result.diagnostics);
  if (!has_errors(result.diagnostics)) {
    result.manifest = manifest;
  }
  result.draft = std::move(manifest);
  return result;
}

ManifestResult parse_manifest(std::string_view text, std::string_view file,
                              std::string_view prompt_text, std::string_view prompt_file) {
  return parse_manifest(ManifestSource{text, file, prompt_text,
                                       prompt_text.empty() ? std::string_view() : prompt_file});
}

}  // namespace lc::proto
