#include <algorithm>

#include "proto/template/filters.h"
#include "proto/template/unicode.h"

namespace lc::templates {
namespace {

const Text& self(const Call& call) {
  return *as_text(call.input);
}

Outcome<Value> part_of(const Call& call, std::string_view view) {
  return Value{Text{view, self(call).owner}};
}

Outcome<Text> needed_text(const Value& value) {
  if (const auto* undefined = as_undefined(value)) {
    return undefined_fault(*undefined);
  }
  const Text* text = as_text(value);
  return text != nullptr
             ? Outcome<Text>(*text)
             : fault("needs a string, not a value of type " + std::string(kind_name(value)));
}

Outcome<Value> upper(const Call& call) {
  LC_TRY_STATUS(call.meter.charge_bytes(self(call).view.size() * 3));
  return make_text(to_upper(self(call).view));
}
Outcome<Value> lower(const Call& call) {
  LC_TRY_STATUS(call.meter.charge_bytes(self(call).view.size() * 3));
  return make_text(to_lower(self(call).view));
}
Outcome<Value> capitalize(const Call& call) {
  LC_TRY_STATUS(call.meter.charge_bytes(self(call).view.size() * 3));
  return make_text(to_capitalized(self(call).view));
}

Outcome<Value> strip_sides(const Call& call, bool at_start, bool at_end) {
  const std::string_view text = self(call).view;
  LC_TRY_STATUS(call.meter.charge_bytes(text.size()));
  if (call.arguments[0] == nullptr || is_none(*call.arguments[0])) {
    const std::string_view head = at_end ? trim_end(text) : text;
    return part_of(call, at_start ? trim_start(head) : head);
  }
  LC_TRY(const Text chars, needed_text(*call.arguments[0]));
  LC_TRY_STATUS(call.meter.charge_bytes(text.size() * chars.view.size()));
  return part_of(call, lc::templates::strip(text, chars.view, at_start, at_end));
}
Outcome<Value> strip_both(const Call& call) {
  return strip_sides(call, true, true);
}
Outcome<Value> strip_start(const Call& call) {
  return strip_sides(call, true, false);
}
Outcome<Value> strip_end(const Call& call) {
  return strip_sides(call, false, true);
}

Outcome<Value> starts_with(const Call& call) {
  LC_TRY(const Text prefix, needed_text(*call.arguments[0]));
  return Value{self(call).view.starts_with(prefix.view)};
}
Outcome<Value> ends_with(const Call& call) {
  LC_TRY(const Text suffix, needed_text(*call.arguments[0]));
  return Value{self(call).view.ends_with(suffix.view)};
}

Outcome<Value> replace(const Call& call) {
  LC_TRY(const Text old, needed_text(*call.arguments[0]));
  LC_TRY(const Text fresh, needed_text(*call.arguments[1]));
  LC_TRY(const std::int64_t count, whole_argument(call.arguments[2], -1));
  return replace_text(self(call).view, old.view, fresh.view, count, call.meter);
}

Outcome<Value> join(const Call& call) {
  LC_TRY(const std::vector<Value> items, iterate(*call.arguments[0], call.meter));
  for (const Value& item : items) {
    LC_TRY_STATUS(needed_text(item));
  }
  return join_texts(items, self(call).view, call.meter);
}

// Without a separator: words between runs of spaces.
Outcome<Value> split_spaces(const Call& call, std::int64_t count_max) {
  std::vector<Value> parts;
  std::string_view rest = trim_start(self(call).view);
  while (!rest.empty()) {
    LC_TRY_STATUS(call.meter.charge(2));
    std::size_t end = 0;
    while (end < rest.size() && !is_space(char_at(rest, end))) {
      end += char_size(rest, end);
    }
    const bool is_last = count_max >= 0 && static_cast<std::int64_t>(parts.size()) == count_max;
    end = is_last ? rest.size() : end;
    LC_TRY(Value part, part_of(call, rest.substr(0, end)));
    parts.push_back(std::move(part));
    rest = trim_start(rest.substr(end));
  }
  return make_sequence(SequenceKind::list, std::move(parts));
}

Outcome<Value> split(const Call& call) {
  LC_TRY(const std::int64_t count_max, whole_argument(call.arguments[1], -1));
  LC_TRY_STATUS(call.meter.charge_bytes(self(call).view.size()));
  if (call.arguments[0] == nullptr || is_none(*call.arguments[0])) {
    return split_spaces(call, count_max);
  }
  LC_TRY(const Text separator, needed_text(*call.arguments[0]));
  if (separator.view.empty()) {
    return fault("the separator is empty");
  }
  std::vector<Value> parts;
  std::string_view rest = self(call).view;
  while (count_max < 0 || static_cast<std::int64_t>(parts.size()) < count_max) {
    LC_TRY_STATUS(call.meter.charge(2));
    const std::size_t found = rest.find(separator.view);
    if (found == std::string_view::npos) {
      break;
    }
    LC_TRY(Value part, part_of(call, rest.substr(0, found)));
    parts.push_back(std::move(part));
    rest.remove_prefix(found + separator.view.size());
  }
  LC_TRY(Value part, part_of(call, rest));
  parts.push_back(std::move(part));
  return make_sequence(SequenceKind::list, std::move(parts));
}

Outcome<Value> view_of(const Call& call, SequenceKind kind) {
  const auto map = MapView::of(call.input);
  std::vector<Value> out;
  for (std::size_t i = 0; i < map->size(); ++i) {
    LC_TRY_STATUS(call.meter.charge(1));
    if (kind == SequenceKind::keys) {
      out.push_back(map->key_value(i));
      continue;
    }
    LC_TRY(Value value, map->at(i));
    if (kind == SequenceKind::items) {
      LC_TRY(value, make_sequence(SequenceKind::tuple, {map->key_value(i), std::move(value)}));
    }
    out.push_back(std::move(value));
  }
  return make_sequence(kind, std::move(out));
}
Outcome<Value> items(const Call& call) {
  return view_of(call, SequenceKind::items);
}
Outcome<Value> keys(const Call& call) {
  return view_of(call, SequenceKind::keys);
}
Outcome<Value> values(const Call& call) {
  return view_of(call, SequenceKind::values);
}

Outcome<Value> get(const Call& call) {
  const auto map = MapView::of(call.input);
  if (const auto* undefined = as_undefined(*call.arguments[0])) {
    return undefined_fault(*undefined);
  }
  const Text* key = as_text(*call.arguments[0]);
  if (key != nullptr) {
    if (const auto found = map->find(key->view)) {
      return map->at(*found);
    }
  }
  return call.arguments[1] != nullptr ? *call.arguments[1] : Value{None{}};
}

constexpr auto kString = Method::Owner::string;
constexpr auto kMapping = Method::Owner::mapping;

// Python's methods have no parameter names, but for `split` and its like.
constexpr Method kMethods[] = {
    {kString, {"upper"}, upper},
    {kString, {"lower"}, lower},
    {kString, {"capitalize"}, capitalize},
    {kString, {"strip", {"/chars"}}, strip_both},
    {kString, {"lstrip", {"/chars"}}, strip_start},
    {kString, {"rstrip", {"/chars"}}, strip_end},
    {kString, {"startswith", {"/prefix"}, 1}, starts_with},
    {kString, {"endswith", {"/suffix"}, 1}, ends_with},
    {kString, {"replace", {"/old", "/new", "/count"}, 2}, replace},
    {kString, {"join", {"/items"}, 1}, join},
    {kString, {"split", {"sep", "maxsplit"}}, split},
    {kMapping, {"items"}, items},
    {kMapping, {"keys"}, keys},
    {kMapping, {"values"}, values},
    {kMapping, {"get", {"/key", "/default"}, 1}, get},
};

}  // namespace

const Method* find_method(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(kMethods), std::end(kMethods),
                   [name](const Method& method) { return method.signature.name == name; });
  return found == std::end(kMethods) ? nullptr : found;
}

}  // namespace lc::templates
