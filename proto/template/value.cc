#include "proto/template/value.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "proto/template/number_text.h"
#include "proto/template/unicode.h"

namespace lc::templates {
namespace {

constexpr std::string_view kTooDeep = "lists and mappings are nested more than 100 deep";

int depth_of(const Value& value) {
  if (const auto* sequence = std::get_if<SequencePtr>(&value.data)) {
    return (*sequence)->depth;
  }
  if (const auto* mapping = std::get_if<MappingPtr>(&value.data)) {
    return (*mapping)->depth;
  }
  return 0;
}

}  // namespace

Error to_error(std::string_view name, const Fault& fault) {
  std::string message(name);
  if (fault.place.line > 0) {
    message += ":" + std::to_string(fault.place.line) + ":" + std::to_string(fault.place.column);
  }
  return Error{fault.code, message + ": " + fault.message};
}

Outcome<void> Meter::charge(std::int64_t steps) {
  steps_ += steps;
  if (steps_ > steps_max_) {
    return std::unexpected(Fault{
        ErrorCode::overloaded,
        "takes more than " + std::to_string(steps_max_) + " steps: shorten the loops or the data",
        {}});
  }
  return {};
}

Outcome<void> Meter::charge_bytes(std::size_t bytes) {
  return charge(static_cast<std::int64_t>(bytes / 16 + 1));
}

Value make_text(std::string text) {
  auto owner = std::make_shared<const std::string>(std::move(text));
  const std::string_view view = *owner;
  return Value{Text{view, std::move(owner)}};
}

Value make_borrowed_text(std::string_view text) {
  return Value{Text{text, nullptr}};
}

Outcome<Value> make_sequence(SequenceKind kind, std::vector<Value> items) {
  int depth = 0;
  for (const Value& item : items) {
    depth = std::max(depth, depth_of(item));
  }
  if (depth + 1 > kValueDepthMax) {
    return fault(std::string(kTooDeep));
  }
  return Value{std::make_shared<const Sequence>(Sequence{kind, std::move(items), depth + 1})};
}

Outcome<Value> make_mapping(std::vector<Member> members) {
  int depth = 0;
  std::vector<Member> unique;
  unique.reserve(members.size());
  for (Member& member : members) {
    depth = std::max(depth, depth_of(member.second));
    const auto same = std::find_if(unique.begin(), unique.end(), [&member](const Member& other) {
      return other.first.view == member.first.view;
    });
    if (same == unique.end()) {
      unique.push_back(std::move(member));
    } else {
      same->second = std::move(member.second);
    }
  }
  if (depth + 1 > kValueDepthMax) {
    return fault(std::string(kTooDeep));
  }
  return Value{std::make_shared<const Mapping>(Mapping{std::move(unique), depth + 1})};
}

Outcome<Value> borrow(const Document& document) {
  switch (document.type()) {
    case Document::value_t::object:
    case Document::value_t::array:
      return Value{Borrowed{&document}};
    case Document::value_t::string:
      return make_borrowed_text(document.get_ref<const std::string&>());
    case Document::value_t::boolean:
      return Value{document.get<bool>()};
    case Document::value_t::number_integer:
      return Value{document.get<std::int64_t>()};
    case Document::value_t::number_unsigned: {
      const auto number = document.get<std::uint64_t>();
      if (number > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
        return fault("whole number " + std::to_string(number) + " is beyond 64 bits");
      }
      return Value{static_cast<std::int64_t>(number)};
    }
    case Document::value_t::number_float:
      return Value{document.get<double>()};
    case Document::value_t::null:
    case Document::value_t::binary:
    case Document::value_t::discarded:
      break;
  }
  return Value{None{}};
}

Outcome<Document> to_document(const Value& value) {
  if (const auto* undefined = as_undefined(value)) {
    return undefined_fault(*undefined);
  }
  if (const auto list = ListView::of(value)) {
    Document document = Document::array();
    for (std::size_t i = 0; i < list->size(); ++i) {
      LC_TRY(const Value item, list->at(i));
      LC_TRY(Document copy, to_document(item));
      document.push_back(std::move(copy));
    }
    return document;
  }
  if (const auto map = MapView::of(value)) {
    Document document = Document::object();
    for (std::size_t i = 0; i < map->size(); ++i) {
      LC_TRY(const Value member, map->at(i));
      LC_TRY(Document copy, to_document(member));
      document[std::string(map->key(i))] = std::move(copy);
    }
    return document;
  }
  if (const auto* text = as_text(value)) {
    return Document(std::string(text->view));
  }
  if (const auto* boolean = std::get_if<bool>(&value.data)) {
    return Document(*boolean);
  }
  if (const auto* whole = std::get_if<std::int64_t>(&value.data)) {
    return Document(*whole);
  }
  if (const auto* real = std::get_if<double>(&value.data)) {
    if (!std::isfinite(*real)) {
      return fault("the number " + float_text(*real) + " has no JSON form");
    }
    return Document(*real);
  }
  return Document(nullptr);
}

bool is_none(const Value& value) {
  return std::holds_alternative<None>(value.data);
}

std::optional<std::int64_t> as_whole(const Value& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value.data)) {
    return *whole;
  }
  if (const auto* boolean = std::get_if<bool>(&value.data)) {
    return *boolean ? 1 : 0;
  }
  return std::nullopt;
}

std::optional<double> as_real(const Value& value) {
  if (const auto* real = std::get_if<double>(&value.data)) {
    return *real;
  }
  if (const auto whole = as_whole(value)) {
    return static_cast<double>(*whole);
  }
  return std::nullopt;
}

std::string_view kind_name(const Value& value) {
  if (const auto list = ListView::of(value)) {
    constexpr std::string_view kKinds[] = {"list",  "tuple", "keys",    "values",
                                           "items", "range", "iterator"};
    return kKinds[static_cast<std::size_t>(list->kind())];
  }
  if (MapView::of(value)) {
    return "mapping";
  }
  constexpr std::string_view kNames[] = {"none",    "undefined", "boolean",
                                         "integer", "float",     "string"};
  return value.data.index() < std::size(kNames) ? kNames[value.data.index()] : "value";
}

std::unexpected<Fault> undefined_fault(const Undefined& undefined) {
  return fault("'" + std::string(undefined.what) + "' is undefined", undefined.place);
}

Outcome<bool> truth(const Value& value) {
  if (const auto* undefined = as_undefined(value)) {
    return undefined->prints_empty ? Outcome<bool>(false) : undefined_fault(*undefined);
  }
  if (const auto list = ListView::of(value)) {
    return list->kind() == SequenceKind::iterator || list->size() > 0;
  }
  if (const auto map = MapView::of(value)) {
    return map->size() > 0;
  }
  if (const auto* text = as_text(value)) {
    return !text->view.empty();
  }
  if (const auto* real = std::get_if<double>(&value.data)) {
    return *real != 0;
  }
  return as_whole(value).value_or(0) != 0;
}

Outcome<std::vector<Value>> iterate(const Value& value, Meter& meter) {
  if (const auto* undefined = as_undefined(value)) {
    return undefined_fault(*undefined);
  }
  std::vector<Value> items;
  if (const auto list = ListView::of(value)) {
    if (const Sequence* owned = list->owned();
        owned != nullptr && owned->kind == SequenceKind::iterator) {
      if (owned->was_read) {
        return fault("an iterator is read a second time: put '|list' behind the filter");
      }
      owned->was_read = true;
    }
    LC_TRY_STATUS(meter.charge(static_cast<std::int64_t>(list->size())));
    items.reserve(list->size());
    for (std::size_t i = 0; i < list->size(); ++i) {
      LC_TRY(Value item, list->at(i));
      items.push_back(std::move(item));
    }
    return items;
  }
  if (const auto map = MapView::of(value)) {
    LC_TRY_STATUS(meter.charge(static_cast<std::int64_t>(map->size())));
    for (std::size_t i = 0; i < map->size(); ++i) {
      items.push_back(map->key_value(i));
    }
    return items;
  }
  if (const auto* text = as_text(value)) {
    LC_TRY_STATUS(meter.charge(static_cast<std::int64_t>(text->view.size())));
    for (std::size_t at = 0; at < text->view.size();) {
      const std::size_t size = char_size(text->view, at);
      items.push_back(Value{Text{text->view.substr(at, size), text->owner}});
      at += size;
    }
    return items;
  }
  return fault("cannot go through a value of type " + std::string(kind_name(value)));
}

}  // namespace lc::templates
