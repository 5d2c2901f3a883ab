#include <algorithm>
#include <charconv>
#include <span>

#include "proto/template/registry.h"
#include "proto/template/unicode.h"

namespace lc::templates {
namespace {

constexpr std::string_view kStringNames[] = {
    "capitalize",   "casefold",    "center",    "count",      "encode",       "endswith",
    "expandtabs",   "find",        "format",    "format_map", "index",        "isalnum",
    "isalpha",      "isascii",     "isdecimal", "isdigit",    "isidentifier", "islower",
    "isnumeric",    "isprintable", "isspace",   "istitle",    "isupper",      "join",
    "ljust",        "lower",       "lstrip",    "maketrans",  "partition",    "removeprefix",
    "removesuffix", "replace",     "rfind",     "rindex",     "rjust",        "rpartition",
    "rsplit",       "rstrip",      "split",     "splitlines", "startswith",   "strip",
    "swapcase",     "title",       "translate", "upper",      "zfill"};
constexpr std::string_view kListNames[] = {"append", "clear",   "copy",   "count",
                                           "extend", "index",   "insert", "pop",
                                           "remove", "reverse", "sort"};
constexpr std::string_view kTupleNames[] = {"count", "index"};
constexpr std::string_view kMappingNames[] = {"clear",      "copy",   "fromkeys", "get",
                                              "items",      "keys",   "pop",      "popitem",
                                              "setdefault", "update", "values"};
constexpr std::string_view kWholeNames[] = {
    "as_integer_ratio", "bit_count", "bit_length", "conjugate", "denominator",
    "from_bytes",       "imag",      "numerator",  "real",      "to_bytes"};
constexpr std::string_view kRealNames[] = {
    "as_integer_ratio", "conjugate", "fromhex", "hex", "imag", "is_integer", "real"};
constexpr std::string_view kViewNames[] = {"isdisjoint", "mapping"};
constexpr std::string_view kRangeNames[] = {"count", "index", "start", "step", "stop"};

std::span<const std::string_view> names_of(const Value& value) {
  if (as_text(value) != nullptr) {
    return kStringNames;
  }
  if (MapView::of(value)) {
    return kMappingNames;
  }
  if (std::holds_alternative<double>(value.data)) {
    return kRealNames;
  }
  if (as_whole(value)) {
    return kWholeNames;
  }
  if (const auto list = ListView::of(value)) {
    switch (list->kind()) {
      case SequenceKind::list:
        return kListNames;
      case SequenceKind::tuple:
        return kTupleNames;
      case SequenceKind::keys:
      case SequenceKind::values:
      case SequenceKind::items:
        return kViewNames;
      case SequenceKind::range:
        return kRangeNames;
      case SequenceKind::iterator:
        break;
    }
  }
  return {};
}

Outcome<Value> at_index(const Value& input, std::int64_t index, const Undefined& missing) {
  const auto in_range = [&index](std::size_t size) {
    index += index < 0 ? static_cast<std::int64_t>(size) : 0;
    return index >= 0 && index < static_cast<std::int64_t>(size);
  };
  if (const auto* text = as_text(input)) {
    if (!in_range(char_count(text->view))) {
      return Value{missing};
    }
    const std::size_t begin = char_offset(text->view, static_cast<std::size_t>(index));
    return Value{Text{text->view.substr(begin, char_size(text->view, begin)), text->owner}};
  }
  const auto list = ListView::of(input);
  const bool has_index =
      list && (is_list_or_tuple(list->kind()) || list->kind() == SequenceKind::range);
  if (!has_index || !in_range(list->size())) {
    return Value{missing};
  }
  return list->at(static_cast<std::size_t>(index));
}

}  // namespace

bool has_python_attribute(const Value& value, std::string_view name) {
  const auto names = names_of(value);
  return name.starts_with("__") || std::find(names.begin(), names.end(), name) != names.end();
}

Outcome<Value> lookup(const Value& input, const Value& key, const Undefined& missing) {
  for (const Value* part : {&input, &key}) {
    if (const auto* undefined = as_undefined(*part)) {
      return undefined_fault(*undefined);
    }
  }
  if (const auto index = as_whole(key)) {
    return at_index(input, *index, missing);
  }
  const auto* name = as_text(key);
  if (name == nullptr) {
    return Value{missing};
  }
  if (const auto map = MapView::of(input)) {
    if (const auto found = map->find(name->view)) {
      return map->at(*found);
    }
  }
  if (has_python_attribute(input, name->view)) {
    return fault("there is no key '" + std::string(name->view) + "', and '" +
                 std::string(name->view) + "' is a method of a " + std::string(kind_name(input)));
  }
  return Value{missing};
}

Outcome<Value> lookup_path(const Value& input, const Value& path, Place place) {
  const auto* text = as_text(path);
  if (text == nullptr) {
    return lookup(input, path, Undefined{"attribute", place});
  }
  Value value = input;
  std::string_view rest = text->view;
  while (true) {
    const std::size_t dot = std::min(rest.find('.'), rest.size());
    const std::string_view part = rest.substr(0, dot);
    std::int64_t index = 0;
    const auto parsed = std::from_chars(part.data(), part.data() + part.size(), index);
    const bool is_index = !part.empty() && part[0] != '-' && parsed.ec == std::errc{} &&
                          parsed.ptr == part.data() + part.size();
    const Value key = is_index ? Value{index} : Value{Text{part, text->owner}};
    LC_TRY(value, lookup(value, key, Undefined{text->owner ? "attribute" : text->view, place}));
    if (dot == rest.size()) {
      return value;
    }
    rest.remove_prefix(dot + 1);
  }
}

}  // namespace lc::templates
