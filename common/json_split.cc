// Splitting JSON objects on the hot path: simdjson validates the whole text, a scan over the
// compact copy finds where each top-level member ends. Nothing else includes simdjson.

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <unordered_set>

#include "common/json.h"
#include "common/text.h"

namespace lc {
namespace {

constexpr std::size_t kParserBytesMin = 4096;

// The index behind the closing quote of the string that starts at `at`. Long strings are common and
// escapes are not: memchr goes from quote to quote.
std::size_t string_end(std::string_view compact, std::size_t at) {
  // In valid JSON every string ends.
  for (std::size_t quote = compact.find('"', at + 1);; quote = compact.find('"', quote + 1)) {
    std::size_t backslashes = 0;
    while (compact[quote - 1 - backslashes] == '\\') {
      ++backslashes;
    }
    if (backslashes % 2 == 0) {
      return quote + 1;
    }
  }
}

enum class Mark : std::uint8_t { none, quote, open, close, comma };

constexpr std::array<Mark, 256> kMarks = [] {
  std::array<Mark, 256> marks{};
  marks['"'] = Mark::quote;
  marks['{'] = marks['['] = Mark::open;
  marks['}'] = marks[']'] = Mark::close;
  marks[','] = Mark::comma;
  return marks;
}();

// The end of the value that starts at `at` in compact, valid JSON.
std::size_t value_end(std::string_view compact, std::size_t at) {
  for (int depth = 0; at < compact.size(); ++at) {
    switch (kMarks[static_cast<unsigned char>(compact[at])]) {
      case Mark::none:
        break;
      case Mark::quote:
        at = string_end(compact, at) - 1;
        break;
      case Mark::open:
        ++depth;
        break;
      case Mark::close:
        if (depth == 0) {
          return at;
        }
        --depth;
        break;
      case Mark::comma:
        if (depth == 0) {
          return at;
        }
        break;
    }
  }
  return at;
}

// The tree reader finds the words and the place for what the fast path refused.
std::unexpected<Error> explain(std::string_view text, JsonLimits limits, std::string_view why) {
  auto tree = parse_json(text, limits);
  if (!tree) {
    return std::unexpected(tree.error());
  }
  return fail(ErrorCode::invalid_input, std::string(why));
}

Status check_tree(std::string_view text, JsonLimits limits) {
  LC_TRY([[maybe_unused]] const Json tree, parse_json(text, limits));
  return {};
}

constexpr std::size_t kFieldsExpected = 8;
constexpr std::size_t kFieldsScannedMax = 32;

// Whether `key` is among `fields`; takes linear time over all the keys of an object.
bool seen_before(const std::string& key, const std::vector<JsonField>& fields,
                 std::unordered_set<std::string>& keys) {
  if (fields.size() < kFieldsScannedMax) {
    return std::ranges::any_of(fields, [&key](const JsonField& f) { return f.key == key; });
  }
  if (keys.empty()) {
    for (const JsonField& field : fields) {
      keys.insert(field.key);
    }
  }
  return !keys.insert(key).second;
}

}  // namespace

Result<JsonFields> split_json_object(std::string_view text, JsonLimits limits) {
  if (text.size() > limits.bytes_max) {
    return fail(ErrorCode::overloaded, fmt::format("{} bytes of JSON exceed the limit of {}",
                                                   text.size(), limits.bytes_max));
  }
  thread_local simdjson::dom::parser validator;
  const auto depth_max = static_cast<std::size_t>(limits.depth_max) + 1;
  if (validator.max_depth() != depth_max || validator.capacity() < text.size()) {
    const std::size_t capacity = std::max<std::size_t>(text.size(), kParserBytesMin);
    if (validator.allocate(capacity, depth_max) != simdjson::SUCCESS) {
      return fail(ErrorCode::overloaded, "no memory to parse JSON");
    }
  }
  simdjson::dom::element element;
  const auto parsed = validator.parse(text.data(), text.size()).get(element);
  if (parsed == simdjson::NUMBER_ERROR) {  // also a whole number beyond 64 bits, which is JSON
    LC_TRY_STATUS(check_tree(text, limits));
  } else if (parsed != simdjson::SUCCESS) {
    return explain(text, limits, simdjson::error_message(parsed));
  }
  JsonFields out;
  out.compact.resize(text.size());
  std::size_t size = 0;
  if (simdjson::minify(text.data(), text.size(), out.compact.data(), size) != simdjson::SUCCESS) {
    return explain(text, limits, "cannot be made compact");
  }
  out.compact.reserve(std::max<std::size_t>(size, 32));  // never in the small-string buffer: moved
  out.compact.resize(size);
  LC_TRY(out.fields, json_members(out.compact));
  return out;
}

Result<std::vector<JsonField>> json_members(std::string_view compact) {
  if (!compact.starts_with('{')) {
    return fail(ErrorCode::invalid_input, "is not a JSON object");
  }
  std::vector<JsonField> fields;
  fields.reserve(kFieldsExpected);
  std::unordered_set<std::string> keys;  // used when a scan of the fields would be slow
  for (std::size_t at = 1; at < compact.size() && compact[at] == '"';) {
    const std::size_t colon = string_end(compact, at);
    std::string key(compact.substr(at + 1, colon - at - 2));
    if (key.find('\\') != std::string::npos) {
      LC_TRY(key, json_string_value(compact.substr(at, colon - at)));
    }
    const std::size_t end = value_end(compact, colon + 1);
    if (seen_before(key, fields, keys)) {
      return fail(ErrorCode::invalid_input, fmt::format("duplicate key '{}'", shorten(key)));
    }
    fields.push_back({std::move(key), compact.substr(colon + 1, end - colon - 1)});
    at = end + 1;
  }
  return fields;
}

Result<std::vector<std::string_view>> json_items(std::string_view compact) {
  if (!compact.starts_with('[')) {
    return fail(ErrorCode::invalid_input, "is not a JSON array");
  }
  std::vector<std::string_view> items;
  for (std::size_t at = 1; at < compact.size() && compact[at] != ']';) {
    const std::size_t end = value_end(compact, at);
    items.push_back(compact.substr(at, end - at));
    at = end + (end < compact.size() && compact[end] == ',' ? 1 : 0);
  }
  return items;
}

Result<std::string> json_string_value(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') {
    return fail(ErrorCode::invalid_input, fmt::format("{} is not a string", text.substr(0, 64)));
  }
  const std::string_view inside = text.substr(1, text.size() - 2);
  if (inside.find('\\') == std::string_view::npos) {
    return std::string(inside);
  }
  LC_TRY(Json tree, parse_json(text));
  return std::get<std::string>(tree.value);
}

}  // namespace lc
