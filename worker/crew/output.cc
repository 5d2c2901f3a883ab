#include "worker/crew/output.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>
#include <variant>
#include <vector>

#include "proto/template/json_bridge.h"
#include "proto/template/template.h"

namespace lc::worker {

using Document = nlohmann::ordered_json;

struct OutputValue::Shape {
  struct Text {
    templates::Template text;
  };
  struct Value {
    templates::Template json;  // renders JSON text
  };
  using List = std::vector<OutputValue>;
  using Map = std::vector<std::pair<std::string, OutputValue>>;

  std::variant<Document, Text, Value, List, Map> kind;
};

namespace {

bool is_template(std::string_view text) {
  return text.find("{{") != std::string_view::npos || text.find("{%") != std::string_view::npos ||
         text.find("{#") != std::string_view::npos;
}

}  // namespace

OutputValue::OutputValue(std::unique_ptr<Shape> shape) : shape_(std::move(shape)) {}
OutputValue::OutputValue(OutputValue&&) noexcept = default;
OutputValue& OutputValue::operator=(OutputValue&&) noexcept = default;
OutputValue::~OutputValue() = default;

std::string_view single_expression(std::string_view text) {
  if (!text.starts_with("{{") || !text.ends_with("}}") || text.size() < 4) {
    return {};
  }
  std::string_view inner = text.substr(2, text.size() - 4);
  if (inner.starts_with('-') || inner.starts_with('+')) {
    inner.remove_prefix(1);
  }
  if (inner.ends_with('-') || inner.ends_with('+')) {
    inner.remove_suffix(1);
  }
  const bool several = is_template(inner) || inner.find("}}") != std::string_view::npos;
  return several ? std::string_view() : inner;
}

Result<OutputValue> OutputValue::compile(const YamlNode& node, const std::string& path) {
  auto shape = std::make_unique<Shape>();
  if (node.kind == YamlKind::sequence) {
    Shape::List list;
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      LC_TRY(OutputValue item, compile(node.items[i], fmt::format("{}[{}]", path, i)));
      list.push_back(std::move(item));
    }
    shape->kind = std::move(list);
  } else if (node.kind == YamlKind::mapping) {
    Shape::Map map;
    for (const auto& [key, value] : node.members) {
      LC_TRY(OutputValue item, compile(value, fmt::format("{}.{}", path, key.text)));
      map.emplace_back(key.text, std::move(item));
    }
    shape->kind = std::move(map);
  } else if (node.kind == YamlKind::scalar && is_template(node.text)) {
    const std::string_view expression = single_expression(node.text);
    if (expression.empty()) {
      LC_TRY(templates::Template text, templates::Template::compile(node.text, {.name = path}));
      shape->kind = Shape::Text{std::move(text)};
    } else {
      LC_TRY(templates::Template json,
             templates::Template::compile(fmt::format("{{{{({})|tojson}}}}", expression),
                                          {.name = path}));
      shape->kind = Shape::Value{std::move(json)};
    }
  } else {
    LC_TRY(Document constant, templates::parse_document(write_json(to_json(node))));
    shape->kind = std::move(constant);
  }
  return OutputValue(std::move(shape));
}

Result<Document> OutputValue::render(const Document& variables) const {
  if (const auto* constant = std::get_if<Document>(&shape_->kind)) {
    return *constant;
  }
  if (const auto* text = std::get_if<Shape::Text>(&shape_->kind)) {
    LC_TRY(std::string rendered, text->text.render(variables));
    return Document(std::move(rendered));
  }
  if (const auto* value = std::get_if<Shape::Value>(&shape_->kind)) {
    LC_TRY(const std::string rendered, value->json.render(variables));
    return templates::parse_document(rendered);
  }
  if (const auto* list = std::get_if<Shape::List>(&shape_->kind)) {
    Document out = Document::array();
    for (const OutputValue& item : *list) {
      LC_TRY(Document rendered, item.render(variables));
      out.push_back(std::move(rendered));
    }
    return out;
  }
  Document out = Document::object();
  for (const auto& [key, item] : std::get<Shape::Map>(shape_->kind)) {
    LC_TRY(Document rendered, item.render(variables));
    out[key] = std::move(rendered);
  }
  return out;
}

}  // namespace lc::worker
