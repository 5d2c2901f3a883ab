#include "common/json.h"

#include <algorithm>
#include <charconv>

namespace lc {

bool Json::operator==(const Json& other) const {
  return value == other.value;
}

const std::string* as_string(const Json& json) {
  return std::get_if<std::string>(&json.value);
}
const JsonArray* as_array(const Json& json) {
  return std::get_if<JsonArray>(&json.value);
}
const JsonObject* as_object(const Json& json) {
  return std::get_if<JsonObject>(&json.value);
}
const bool* as_bool(const Json& json) {
  return std::get_if<bool>(&json.value);
}
bool is_null(const Json& json) {
  return std::holds_alternative<std::nullptr_t>(json.value);
}

std::optional<std::int64_t> as_int(const Json& json) {
  const auto* number = std::get_if<JsonNumber>(&json.value);
  if (number == nullptr) {
    return std::nullopt;
  }
  auto parsed = json_int_value(number->lexeme);
  if (!parsed) {
    return std::nullopt;
  }
  return *parsed;
}

const Json* find(const JsonObject& object, std::string_view key) {
  const auto it =
      std::ranges::find_if(object, [key](const JsonMember& member) { return member.first == key; });
  return it == object.end() ? nullptr : &it->second;
}

std::string_view type_name(const Json& json) {
  constexpr std::string_view kNames[] = {"null", "boolean", "number", "string", "array", "object"};
  return kNames[json.value.index()];
}

Result<std::int64_t> json_int_value(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return fail(ErrorCode::invalid_input,
                std::string(text.substr(0, 64)) + " is not a whole number");
  }
  return value;
}

namespace {

enum class MemberOrder { as_written, sorted };

void append_json(std::string& out, const Json& json, MemberOrder order);

void append_object(std::string& out, const JsonObject& object, MemberOrder order) {
  std::vector<const JsonMember*> members;
  members.reserve(object.size());
  for (const JsonMember& member : object) {
    members.push_back(&member);
  }
  if (order == MemberOrder::sorted) {
    std::ranges::sort(members, {},
                      [](const JsonMember* m) -> std::string_view { return m->first; });
  }
  out += '{';
  for (const JsonMember* member : members) {
    if (out.back() != '{') {
      out += ',';
    }
    append_json_string(out, member->first);
    out += ':';
    append_json(out, member->second, order);
  }
  out += '}';
}

void append_array(std::string& out, const JsonArray& array, MemberOrder order) {
  out += '[';
  for (std::size_t i = 0; i < array.size(); ++i) {
    if (i > 0) {
      out += ',';
    }
    append_json(out, array[i], order);
  }
  out += ']';
}

void append_json(std::string& out, const Json& json, MemberOrder order) {
  if (is_null(json)) {
    out += "null";
  } else if (const bool* flag = as_bool(json)) {
    out += *flag ? "true" : "false";
  } else if (const auto* number = std::get_if<JsonNumber>(&json.value)) {
    out += number->lexeme;
  } else if (const std::string* text = as_string(json)) {
    append_json_string(out, *text);
  } else if (const JsonArray* array = as_array(json)) {
    append_array(out, *array, order);
  } else if (const JsonObject* object = as_object(json)) {
    append_object(out, *object, order);
  }
}

}  // namespace

std::string write_json(const Json& json) {
  std::string out;
  append_json(out, json, MemberOrder::as_written);
  return out;
}

std::string write_canonical_json(const Json& json) {
  std::string out;
  append_json(out, json, MemberOrder::sorted);
  return out;
}

void append_json_string(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  std::size_t plain_from = 0;  // what needs no escape is appended in one go
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && c != '"' && c != '\\') {
      continue;
    }
    out += text.substr(plain_from, at - plain_from);
    plain_from = at + 1;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  out += text.substr(plain_from);
  out += '"';
}

void JsonWriter::separate() {
  if (comma_) {
    out_ += ',';
  }
  comma_ = true;
}

JsonWriter& JsonWriter::begin_object() {
  separate();
  out_ += '{';
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::end_object() {
  out_ += '}';
  comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::begin_array() {
  separate();
  out_ += '[';
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::end_array() {
  out_ += ']';
  comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  append_json_string(out_, name);
  out_ += ':';
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view text) {
  separate();
  append_json_string(out_, text);
  return *this;
}

JsonWriter& JsonWriter::number(std::int64_t value) {
  separate();
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out_.append(digits, end);
  return *this;
}

JsonWriter& JsonWriter::boolean(bool value) {
  return raw(value ? "true" : "false");
}

JsonWriter& JsonWriter::null() {
  return raw("null");
}

JsonWriter& JsonWriter::raw(std::string_view text) {
  separate();
  out_ += text;
  return *this;
}

JsonWriter& JsonWriter::json(const Json& value) {
  separate();
  append_json(out_, value, MemberOrder::as_written);
  return *this;
}

}  // namespace lc
