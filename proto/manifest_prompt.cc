#include "proto/manifest_prompt.h"

#include <fmt/format.h>

#include "common/check.h"
#include "proto/action.h"

namespace lc::proto {

using templates::TemplateUse;

namespace {

// A number from 0 to 2, judged by its digits so that it stays as it was written.
std::optional<std::string> read_temperature(YamlSource& source, const YamlNode& node) {
  const Json json = to_json(node);
  if (const auto* number = std::get_if<JsonNumber>(&json.value)) {
    const std::string& lexeme = number->lexeme;
    const bool below_two = lexeme[0] == '0' || lexeme[0] == '1';
    const bool one_digit = lexeme.size() == 1 || lexeme[1] == '.';
    const bool is_two = lexeme.starts_with('2') && one_digit &&
                        lexeme.find_first_not_of("0.", 1) == std::string::npos;
    if (lexeme.find_first_of("eE") == std::string::npos && ((below_two && one_digit) || is_two)) {
      return lexeme;
    }
  }
  source.error(node, fmt::format("temperature: {} is not a number from 0 to 2", shown(node)));
  return std::nullopt;
}

}  // namespace

void PromptReader::read(YamlSource& source, YamlFields& fields, std::string_view text) {
  for (const std::string_view key : kPromptKeys) {
    const YamlNode* node = fields.take(key);
    if (node == nullptr) {
      continue;
    }
    const auto [seen, fresh] = seen_.emplace(key, source.at(*node));
    if (!fresh) {
      source.error(
          *node, fmt::format("'{}' is given twice", key),
          fmt::format("it stands in {}, line {} already", seen->second.file, seen->second.line));
      continue;
    }
    if (!first_) {
      first_ = Seen{key, source.at(*node)};
    }
    read_key(source, key, *node, text);
  }
}

void PromptReader::read_key(YamlSource& source, std::string_view key, const YamlNode& node,
                            std::string_view text) {
  if (key == "system_prompt") {
    spec_.system_prompt = read_template(source, node, key, text, TemplateUse::prompt);
  } else if (key == "user_template") {
    spec_.user_template = read_template(source, node, key, text, TemplateUse::prompt);
  } else if (key == "patch_template") {
    spec_.patch_template = read_template(source, node, key, text, TemplateUse::patch);
  } else if (key == "outputs") {
    read_outputs(source, node, text);
  } else if (key == "temperature") {
    spec_.temperature = read_temperature(source, node);
  } else if (key == "max_tokens") {
    spec_.max_tokens = read_int(source, node, key, {1, kMaxTokensMax});
  } else if (key == "model") {
    spec_.model = read_text(source, node, key).value_or("");
    if (spec_.model.empty() && node.kind == YamlKind::scalar && node.text.empty()) {
      source.error(node, "model: the name is empty", "remove the key to use the configured model");
    }
  } else {
    LC_ASSERT(false && "a prompt key without a reader");
  }
}

void PromptReader::read_outputs(YamlSource& source, const YamlNode& list, std::string_view text) {
  std::size_t index = 0;
  for (const YamlNode& item : read_list(source, list, "outputs", kOutputsMax)) {
    const std::string path = fmt::format("outputs[{}].", index++);
    if (item.kind != YamlKind::mapping) {
      source.error(item, fmt::format("{}: expected a mapping with 'kind', found {}",
                                     path.substr(0, path.size() - 1), shown(item)));
      continue;
    }
    OutputTemplate output;
    YamlFields fields(source, item, path);
    if (const YamlNode* kind = fields.require("kind", "name the action, as in kind: goal_line")) {
      if (const auto name = read_text(source, *kind, path + "kind")) {
        if (auto parsed = parse_kind(*name)) {
          output.kind = std::move(*parsed);
        } else {
          source.error(*kind, fmt::format("{}kind: {}", path, parsed.error().message));
        }
      }
    }
    if (const YamlNode* ttl = fields.take("ttl_ms")) {
      output.ttl_ms = read_int(source, *ttl, path + "ttl_ms", {1, kActionTtlMsMax})
                          .value_or(kActionTtlMsDefault);
    }
    for (const auto& [key, value] : item.members) {
      if (key.text != "kind" && key.text != "ttl_ms") {
        check_templates_in(source, value, path + key.text, text);
        output.fields.emplace_back(key.text, value);
      }
    }
    spec_.outputs.push_back(std::move(output));
  }
}

void PromptReader::check_templates_in(YamlSource& source, const YamlNode& node,
                                      std::string_view path, std::string_view text) {
  if (node.kind == YamlKind::scalar) {
    check(source, node, path, text, TemplateUse::output);
  }
  for (const YamlNode& item : node.items) {
    check_templates_in(source, item, path, text);
  }
  for (const auto& [key, value] : node.members) {
    check_templates_in(source, value, fmt::format("{}.{}", path, key.text), text);
  }
}

std::string PromptReader::read_template(YamlSource& source, const YamlNode& node,
                                        std::string_view path, std::string_view text,
                                        TemplateUse use) {
  auto value = read_text(source, node, path);
  if (!value) {
    return {};
  }
  check(source, node, path, text, use);
  return std::move(*value);
}

void PromptReader::check(YamlSource& source, const YamlNode& node, std::string_view path,
                         std::string_view text, TemplateUse use) {
  for (templates::TemplateProblem& problem : templates::check_template(node.text, use)) {
    source.diagnostics.push_back(
        {locate_in_scalar(text, source.file, node, problem.line, problem.column), problem.severity,
         fmt::format("{}: {}", path, problem.message), std::move(problem.hint)});
  }
}

}  // namespace lc::proto
