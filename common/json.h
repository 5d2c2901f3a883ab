#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "common/result.h"

namespace lc {

struct Json;

/// A number as it was written, so that nothing is lost: `1`, `1.0` and `1e0` stay different.
struct JsonNumber {
  std::string lexeme;

  bool operator==(const JsonNumber&) const = default;
};

using JsonArray = std::vector<Json>;
using JsonMember = std::pair<std::string, Json>;
using JsonObject = std::vector<JsonMember>;  // in the order written, keys unique

/// A JSON value as a tree: for configuration, scripts and the context; not for the hot path.
struct Json {
  std::variant<std::nullptr_t, bool, JsonNumber, std::string, JsonArray, JsonObject> value =
      nullptr;

  Json() = default;
  Json(std::nullptr_t) {}                                         // NOLINT: literals read as JSON
  Json(bool b) : value(b) {}                                      // NOLINT
  Json(std::int64_t n) : value(JsonNumber{std::to_string(n)}) {}  // NOLINT
  Json(int n) : Json(static_cast<std::int64_t>(n)) {}             // NOLINT
  Json(std::string s) : value(std::move(s)) {}                    // NOLINT
  Json(std::string_view s) : value(std::string(s)) {}             // NOLINT
  Json(const char* s) : value(std::string(s)) {}                  // NOLINT
  Json(JsonNumber n) : value(std::move(n)) {}                     // NOLINT
  Json(JsonArray a) : value(std::move(a)) {}                      // NOLINT
  Json(JsonObject o) : value(std::move(o)) {}                     // NOLINT
  bool operator==(const Json&) const;
};

/// Null unless the value has that type.
const std::string* as_string(const Json& json);
const JsonArray* as_array(const Json& json);
const JsonObject* as_object(const Json& json);
const bool* as_bool(const Json& json);
bool is_null(const Json& json);

/// The value as a whole number, if it is written as one (no point, no exponent) and fits.
std::optional<std::int64_t> as_int(const Json& json);

/// The member called `key`, or null.
const Json* find(const JsonObject& object, std::string_view key);

/// `string`, `number`, `object`, ... for error messages.
std::string_view type_name(const Json& json);

struct JsonLimits {
  std::size_t bytes_max = std::size_t{64} << 20;
  int depth_max = 64;
};

/// Parses one JSON text (RFC 8259, UTF-8).
///
/// Errors: invalid_input - not JSON, a duplicate key, too deep or too large; with line and column.
Result<Json> parse_json(std::string_view text, JsonLimits limits = {});

/// Compact text, members in the order of the tree.
std::string write_json(const Json& json);

/// Compact text with the members of every object in byte order: equal trees give equal bytes.
std::string write_canonical_json(const Json& json);

/// One top-level member of a JSON object, its value left as compact text.
struct JsonField {
  std::string key;
  std::string_view text;  // into the text that was split
};

/// A JSON object cut into its members without building a tree: the hot path's reader.
///
/// `compact` owns the text; the fields point into it, so the object may be moved but not copied.
struct JsonFields {
  std::string compact;
  std::vector<JsonField> fields;

  JsonFields() = default;
  JsonFields(const JsonFields&) = delete;
  JsonFields& operator=(const JsonFields&) = delete;
  JsonFields(JsonFields&&) = default;
  JsonFields& operator=(JsonFields&&) = default;
};

/// Validates `text` whole and splits it; whitespace between tokens is dropped.
///
/// Errors: invalid_input - not a JSON object, a duplicate top-level key, too deep or too large.
Result<JsonFields> split_json_object(std::string_view text, JsonLimits limits = {});

/// The members of an object whose text is valid and compact: a value of JsonFields. The views point
/// into `compact`.
///
/// Errors: invalid_input - not an object, or a key twice.
Result<std::vector<JsonField>> json_members(std::string_view compact);

/// The items of an array whose text is valid and compact: a value of JsonFields.
///
/// Errors: invalid_input - not an array.
Result<std::vector<std::string_view>> json_items(std::string_view compact);

/// The text of a JSON string without quotes and escapes. `text` is one value of JsonFields.
///
/// Errors: invalid_input - `text` is not a JSON string.
Result<std::string> json_string_value(std::string_view text);

/// The value of a JSON whole number.
///
/// Errors: invalid_input - not a whole number, or out of range.
Result<std::int64_t> json_int_value(std::string_view text);

/// Appends JSON text to a string; commas and quotes are its business, order is the caller's.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);
  JsonWriter& string(std::string_view text);
  JsonWriter& number(std::int64_t value);
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  /// Appends `text` as it is: it must be one JSON value.
  JsonWriter& raw(std::string_view text);
  JsonWriter& json(const Json& value);

 private:
  void separate();

  std::string& out_;
  bool comma_ = false;
};

/// Appends `text` as a JSON string, in quotes, escaping only what RFC 8259 demands.
void append_json_string(std::string& out, std::string_view text);

}  // namespace lc
