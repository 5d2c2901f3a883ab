#include <algorithm>

#include "proto/template/filters.h"
#include "proto/template/operate.h"
#include "proto/template/print.h"
#include "proto/template/unicode.h"

namespace lc::templates {
namespace {

Outcome<Value> wrap(SequenceKind kind, std::vector<Value> items) {
  return make_sequence(kind, std::move(items));
}

bool has_value(const Value* argument) {
  return argument != nullptr && !is_none(*argument);
}

Outcome<Value> length(const Call& call) {
  if (const auto* undefined = as_undefined(call.input)) {
    return undefined_fault(*undefined);
  }
  if (const Text* text = as_text(call.input)) {
    LC_TRY_STATUS(call.meter.charge_bytes(text->view.size()));
    return Value{static_cast<std::int64_t>(char_count(text->view))};
  }
  if (const auto map = MapView::of(call.input)) {
    return Value{static_cast<std::int64_t>(map->size())};
  }
  const auto list = ListView::of(call.input);
  if (!list || list->kind() == SequenceKind::iterator) {
    return fault("a value of type " + std::string(kind_name(call.input)) + " has no length");
  }
  return Value{static_cast<std::int64_t>(list->size())};
}

Outcome<Value> first(const Call& call) {
  LC_TRY(const std::vector<Value> items, iterate(call.input, call.meter));
  return items.empty() ? Value{Undefined{"first item of an empty sequence", call.place}}
                       : items.front();
}

Outcome<Value> last(const Call& call) {
  if (const auto list = ListView::of(call.input); list && list->kind() == SequenceKind::iterator) {
    return fault("needs a list: put '|list' before '|last'");
  }
  LC_TRY(const std::vector<Value> items, iterate(call.input, call.meter));
  return items.empty() ? Value{Undefined{"last item of an empty sequence", call.place}}
                       : items.back();
}

Outcome<Value> list(const Call& call) {
  LC_TRY(std::vector<Value> items, iterate(call.input, call.meter));
  return wrap(SequenceKind::list, std::move(items));
}

Outcome<Value> reverse(const Call& call) {
  LC_TRY(std::vector<Value> items, iterate(call.input, call.meter));
  std::reverse(items.begin(), items.end());
  return as_text(call.input) != nullptr ? join_texts(items, "", call.meter)
                                        : wrap(SequenceKind::iterator, std::move(items));
}

// One key for each item: what the attribute gives, in lower case unless case counts.
Outcome<std::vector<Value>> sort_keys(const std::vector<Value>& items, const Value* attribute,
                                      bool case_sensitive, const Call& call) {
  std::vector<Value> keys;
  keys.reserve(items.size());
  for (const Value& item : items) {
    Value key = item;
    if (has_value(attribute)) {
      LC_TRY(key, lookup_path(item, *attribute, call.place));
    }
    LC_TRY(key, fold_case(key, case_sensitive, call.meter));
    keys.push_back(std::move(key));
  }
  return keys;
}

Outcome<Value> sort(const Call& call) {
  LC_TRY(const std::vector<Value> items, iterate(call.input, call.meter));
  LC_TRY(const bool is_reverse, flag_argument(call.arguments[0], false));
  LC_TRY(const bool case_sensitive, flag_argument(call.arguments[1], false));
  if (has_value(call.arguments[2]) && as_text(*call.arguments[2]) != nullptr &&
      as_text(*call.arguments[2])->view.find(',') != std::string_view::npos) {
    return fault("sorting by several attributes is not supported: sort twice");
  }
  LC_TRY(const std::vector<Value> keys, sort_keys(items, call.arguments[2], case_sensitive, call));
  std::vector<std::size_t> places(items.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    places[i] = i;
  }
  // Merge sort by hand would let a fault out; here the first one is kept and the rest is idle.
  std::optional<Fault> found;
  std::stable_sort(places.begin(), places.end(), [&](std::size_t a, std::size_t b) {
    if (found) {
      return false;
    }
    const auto ordering =
        is_reverse ? order(keys[b], keys[a], call.meter) : order(keys[a], keys[b], call.meter);
    if (!ordering) {
      found = ordering.error();
      return false;
    }
    return *ordering < 0;
  });
  if (found) {
    return std::unexpected(*std::move(found));
  }
  std::vector<Value> sorted;
  sorted.reserve(items.size());
  for (const std::size_t at : places) {
    sorted.push_back(items[at]);
  }
  return wrap(SequenceKind::list, std::move(sorted));
}

Outcome<Value> unique(const Call& call) {
  LC_TRY(const std::vector<Value> items, iterate(call.input, call.meter));
  LC_TRY(const bool case_sensitive, flag_argument(call.arguments[0], false));
  LC_TRY(const std::vector<Value> keys, sort_keys(items, call.arguments[1], case_sensitive, call));
  std::vector<Value> kept;
  std::vector<const Value*> seen;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (as_undefined(keys[i]) != nullptr) {
      return undefined_fault(*as_undefined(keys[i]));
    }
    const auto list = ListView::of(keys[i]);
    if (MapView::of(keys[i]) || (list && list->kind() != SequenceKind::tuple)) {
      return fault("lists and mappings cannot be compared here");
    }
    bool is_new = true;
    for (const Value* other : seen) {
      LC_TRY(const bool is_equal, equals(*other, keys[i], call.meter));
      if (is_equal) {
        is_new = false;
        break;
      }
    }
    if (is_new) {
      seen.push_back(&keys[i]);
      kept.push_back(items[i]);
    }
  }
  return wrap(SequenceKind::iterator, std::move(kept));
}

Outcome<Value> extreme(const Call& call, bool is_max) {
  LC_TRY(const std::vector<Value> items, iterate(call.input, call.meter));
  LC_TRY(const bool case_sensitive, flag_argument(call.arguments[0], false));
  if (items.empty()) {
    return Value{
        Undefined{is_max ? "max of an empty sequence" : "min of an empty sequence", call.place}};
  }
  LC_TRY(const std::vector<Value> keys, sort_keys(items, call.arguments[1], case_sensitive, call));
  std::size_t best = 0;
  for (std::size_t i = 1; i < items.size(); ++i) {
    LC_TRY(const auto ordering, order(keys[i], keys[best], call.meter));
    if (is_max ? ordering > 0 : ordering < 0) {
      best = i;
    }
  }
  if (as_undefined(keys[best]) != nullptr) {
    return undefined_fault(*as_undefined(keys[best]));
  }
  return items[best];
}

Outcome<Value> min(const Call& call) {
  return extreme(call, false);
}

Outcome<Value> max(const Call& call) {
  return extreme(call, true);
}

Outcome<Value> sum(const Call& call) {
  LC_TRY(const std::vector<Value> items, iterate(call.input, call.meter));
  Value total = call.arguments[1] != nullptr ? *call.arguments[1] : Value{std::int64_t{0}};
  if (as_text(total) != nullptr) {
    return fault("cannot add up strings: use '|join'");
  }
  for (Value item : items) {
    if (has_value(call.arguments[0])) {
      LC_TRY(item, lookup_path(item, *call.arguments[0], call.place));
    }
    LC_TRY(total, operate(BinaryOp::add, total, item, call.meter));
  }
  return total;
}

Outcome<Value> join(const Call& call) {
  LC_TRY(std::vector<Value> items, iterate(call.input, call.meter));
  LC_TRY(const Text separator, text_argument(call.arguments[0], "", call.meter));
  if (has_value(call.arguments[1])) {
    for (Value& item : items) {
      LC_TRY(item, lookup_path(item, *call.arguments[1], call.place));
    }
  }
  return join_texts(items, separator.view, call.meter);
}

Outcome<Value> items(const Call& call) {
  if (as_undefined(call.input) != nullptr) {
    return wrap(SequenceKind::iterator, {});  // as Jinja: nothing to go through
  }
  const auto map = MapView::of(call.input);
  if (!map) {
    return fault("needs a mapping, not a value of type " + std::string(kind_name(call.input)));
  }
  std::vector<Value> pairs;
  for (std::size_t i = 0; i < map->size(); ++i) {
    LC_TRY_STATUS(call.meter.charge(1));
    LC_TRY(Value value, map->at(i));
    LC_TRY(Value pair, wrap(SequenceKind::tuple, {map->key_value(i), std::move(value)}));
    pairs.push_back(std::move(pair));
  }
  return wrap(SequenceKind::iterator, std::move(pairs));
}

constexpr Filter kFilters[] = {
    {{"length"}, length},
    {{"count"}, length},
    {{"first"}, first},
    {{"last"}, last},
    {{"list"}, list},
    {{"reverse"}, reverse},
    {{"sort", {"reverse", "case_sensitive", "attribute"}}, sort},
    {{"unique", {"case_sensitive", "attribute"}}, unique},
    {{"min", {"case_sensitive", "attribute"}}, min},
    {{"max", {"case_sensitive", "attribute"}}, max},
    {{"sum", {"attribute", "start"}}, sum},
    {{"join", {"d", "attribute"}}, join},
    {{"items"}, items},
};

}  // namespace

std::span<const Filter> list_filters() {
  return kFilters;
}

}  // namespace lc::templates
