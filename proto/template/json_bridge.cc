#include "proto/template/json_bridge.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "proto/template/number_text.h"

namespace lc::templates {

using Document = nlohmann::ordered_json;

namespace {

Result<Document> to_document(Json&& json);

Result<Document> number_document(const std::string& lexeme) {
  const char* end = lexeme.data() + lexeme.size();
  if (lexeme.find_first_of(".eE") == std::string::npos) {
    std::int64_t whole = 0;
    if (std::from_chars(lexeme.data(), end, whole).ec != std::errc{}) {
      return fail(ErrorCode::invalid_input, "whole number " + lexeme + " is beyond 64 bits");
    }
    return Document(whole);
  }
  double real = 0;
  if (std::from_chars(lexeme.data(), end, real).ec != std::errc{} || !std::isfinite(real)) {
    return fail(ErrorCode::invalid_input, "number " + lexeme + " is out of range");
  }
  return Document(real);
}

Result<Document> array_document(JsonArray&& array) {
  Document document = Document::array();
  for (Json& item : array) {
    LC_TRY(Document value, to_document(std::move(item)));
    document.push_back(std::move(value));
  }
  return document;
}

Result<Document> object_document(JsonObject&& object) {
  Document document = Document::object();
  auto& members = document.get_ref<Document::object_t&>();
  members.reserve(object.size());
  for (JsonMember& member : object) {
    LC_TRY(Document value, to_document(std::move(member.second)));
    // Keys are unique already; emplace would search for each.
    members.Container::emplace_back(std::move(member.first), std::move(value));
  }
  return document;
}

Result<Document> to_document(Json&& json) {
  if (auto* object = std::get_if<JsonObject>(&json.value)) {
    return object_document(std::move(*object));
  }
  if (auto* array = std::get_if<JsonArray>(&json.value)) {
    return array_document(std::move(*array));
  }
  if (auto* text = std::get_if<std::string>(&json.value)) {
    return Document(std::move(*text));
  }
  if (auto* number = std::get_if<JsonNumber>(&json.value)) {
    return number_document(number->lexeme);
  }
  if (auto* boolean = std::get_if<bool>(&json.value)) {
    return Document(*boolean);
  }
  return Document(nullptr);
}

Result<Json> from_document(const Document& document) {
  switch (document.type()) {
    case Document::value_t::object: {
      JsonObject object;
      for (const auto& [key, value] : document.get_ref<const Document::object_t&>()) {
        LC_TRY(Json member, from_document(value));
        object.emplace_back(key, std::move(member));
      }
      return Json(std::move(object));
    }
    case Document::value_t::array: {
      JsonArray array;
      for (const Document& value : document) {
        LC_TRY(Json item, from_document(value));
        array.push_back(std::move(item));
      }
      return Json(std::move(array));
    }
    case Document::value_t::string:
      return Json(document.get_ref<const std::string&>());
    case Document::value_t::boolean:
      return Json(document.get<bool>());
    case Document::value_t::number_integer:
      return Json(document.get<std::int64_t>());
    case Document::value_t::number_unsigned:
      return Json(JsonNumber{std::to_string(document.get<std::uint64_t>())});
    case Document::value_t::number_float: {
      const double real = document.get<double>();
      if (!std::isfinite(real)) {
        return fail(ErrorCode::invalid_input, float_text(real) + " is not a JSON number");
      }
      return Json(JsonNumber{float_text(real)});
    }
    case Document::value_t::null:
    case Document::value_t::binary:
    case Document::value_t::discarded:
      break;
  }
  return Json(nullptr);
}

}  // namespace

Result<Document> parse_document(std::string_view text) {
  LC_TRY(Json json, parse_json(text));
  return to_document(std::move(json));
}

Result<Document> context_document(const proto::Context& context) {
  Document document = Document::object();
  for (const auto& [key, text] : context) {
    auto value = parse_document(text);
    if (!value) {
      return within("ctx['" + key + "']", std::move(value).error());
    }
    document[key] = *std::move(value);
  }
  return document;
}

Result<std::string> canonical_text(const Document& document) {
  LC_TRY(const Json json, from_document(document));
  return write_canonical_json(json);
}

}  // namespace lc::templates
