#include <algorithm>

#include "proto/template/operate.h"

namespace lc::templates {
namespace {

Outcome<void> refuse_undefined(const Value& left, const Value& right) {
  for (const Value* side : {&left, &right}) {
    if (const auto* undefined = as_undefined(*side)) {
      return undefined_fault(*undefined);
    }
  }
  return {};
}

// Exact also between large whole numbers and floats: long double holds both.
std::optional<std::partial_ordering> number_order(const Value& left, const Value& right) {
  const auto exact = [](const Value& value) -> std::optional<long double> {
    if (const auto whole = as_whole(value)) {
      return static_cast<long double>(*whole);
    }
    if (const auto real = as_real(value)) {
      return static_cast<long double>(*real);
    }
    return std::nullopt;
  };
  const auto a = exact(left);
  const auto b = exact(right);
  if (!a || !b) {
    return std::nullopt;
  }
  return *a <=> *b;
}

Outcome<bool> equal_lists(const ListView& a, const ListView& b, Meter& meter) {
  if (!is_list_or_tuple(a.kind()) || !is_list_or_tuple(b.kind())) {
    return fault("only lists and tuples can be compared: put '|list' behind the other");
  }
  if (a.kind() != b.kind() || a.size() != b.size()) {
    return false;
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    LC_TRY(const Value left, a.at(i));
    LC_TRY(const Value right, b.at(i));
    LC_TRY(const bool is_equal, equals(left, right, meter));
    if (!is_equal) {
      return false;
    }
  }
  return true;
}

Outcome<bool> equal_maps(const MapView& a, const MapView& b, Meter& meter) {
  if (a.size() != b.size()) {
    return false;
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto other = b.find(a.key(i));
    if (!other) {
      return false;
    }
    LC_TRY(const Value left, a.at(i));
    LC_TRY(const Value right, b.at(*other));
    LC_TRY(const bool is_equal, equals(left, right, meter));
    if (!is_equal) {
      return false;
    }
  }
  return true;
}

Outcome<bool> contains(const Value& container, const Value& item, Meter& meter) {
  if (const auto* undefined = as_undefined(container)) {
    return undefined_fault(*undefined);
  }
  if (const auto* text = as_text(container)) {
    LC_TRY_STATUS(refuse_undefined(item, container));
    const auto* part = as_text(item);
    if (part == nullptr) {
      return fault("'in' a string needs a string, not a value of type " +
                   std::string(kind_name(item)));
    }
    LC_TRY_STATUS(meter.charge_bytes(text->view.size()));
    return text->view.find(part->view) != std::string_view::npos;
  }
  if (const auto map = MapView::of(container)) {
    LC_TRY_STATUS(refuse_undefined(item, container));
    if (ListView::of(item) || MapView::of(item)) {
      return fault("a " + std::string(kind_name(item)) + " cannot be a key");
    }
    const auto* key = as_text(item);
    return key != nullptr && map->find(key->view).has_value();
  }
  LC_TRY(const std::vector<Value> items, iterate(container, meter));
  for (const Value& candidate : items) {
    LC_TRY(const bool is_equal, equals(candidate, item, meter));
    if (is_equal) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::string_view to_string(CompareOp op) {
  constexpr std::string_view kTexts[] = {"==", "!=", "<", "<=", ">", ">=", "in", "not in"};
  return kTexts[static_cast<std::size_t>(op)];
}

Outcome<bool> equals(const Value& left, const Value& right, Meter& meter) {
  LC_TRY_STATUS(meter.charge(1));
  LC_TRY_STATUS(refuse_undefined(left, right));
  if (const auto numbers = number_order(left, right)) {
    return *numbers == std::partial_ordering::equivalent;
  }
  const auto* a = as_text(left);
  const auto* b = as_text(right);
  if (a != nullptr && b != nullptr) {
    return a->view == b->view;
  }
  const auto first_list = ListView::of(left);
  const auto second_list = ListView::of(right);
  if (first_list && second_list) {
    return equal_lists(*first_list, *second_list, meter);
  }
  const auto first_map = MapView::of(left);
  const auto second_map = MapView::of(right);
  if (first_map && second_map) {
    return equal_maps(*first_map, *second_map, meter);
  }
  return is_none(left) && is_none(right);
}

Outcome<std::partial_ordering> order(const Value& left, const Value& right, Meter& meter) {
  LC_TRY_STATUS(meter.charge(1));
  LC_TRY_STATUS(refuse_undefined(left, right));
  if (const auto numbers = number_order(left, right)) {
    return *numbers;
  }
  const auto* a = as_text(left);
  const auto* b = as_text(right);
  if (a != nullptr && b != nullptr) {
    // Byte order of UTF-8 is the order of code points.
    return std::partial_ordering(a->view <=> b->view);
  }
  const auto first = ListView::of(left);
  const auto second = ListView::of(right);
  if (first && second && first->kind() == second->kind() && is_list_or_tuple(first->kind())) {
    for (std::size_t i = 0; i < std::min(first->size(), second->size()); ++i) {
      LC_TRY(const Value x, first->at(i));
      LC_TRY(const Value y, second->at(i));
      LC_TRY(const bool is_equal, equals(x, y, meter));
      if (!is_equal) {
        return order(x, y, meter);
      }
    }
    return std::partial_ordering(first->size() <=> second->size());
  }
  return fault("there is no order between " + std::string(kind_name(left)) + " and " +
               std::string(kind_name(right)));
}

Outcome<bool> compare(CompareOp op, const Value& left, const Value& right, Meter& meter) {
  if (op == CompareOp::equal || op == CompareOp::unequal) {
    LC_TRY(const bool is_equal, equals(left, right, meter));
    return is_equal == (op == CompareOp::equal);
  }
  if (op == CompareOp::in || op == CompareOp::not_in) {
    LC_TRY(const bool is_inside, contains(right, left, meter));
    return is_inside == (op == CompareOp::in);
  }
  LC_TRY(const std::partial_ordering ordering, order(left, right, meter));
  if (op == CompareOp::less) {
    return ordering < 0;
  }
  if (op == CompareOp::less_equal) {
    return ordering <= 0;
  }
  return op == CompareOp::greater ? ordering > 0 : ordering >= 0;
}

}  // namespace lc::templates
