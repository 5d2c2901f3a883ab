#include <algorithm>

#include "proto/template/filters.h"
#include "proto/template/operate.h"

namespace lc::templates {
namespace {

// Jinja asks for truth first, so that an empty input needs no other argument.
Outcome<std::vector<Value>> input_items(const Value& input, Meter& meter) {
  LC_TRY(const bool is_true, truth(input));
  return is_true ? iterate(input, meter) : Outcome<std::vector<Value>>();
}

Outcome<Value> map_attribute(const std::vector<Value>& items, const CallArguments& arguments,
                             Place place) {
  const Value* attribute = nullptr;
  const Value* fallback = nullptr;
  for (const NamedValue& named : arguments.named) {
    if (named.name == "attribute") {
      attribute = &named.value;
    } else if (named.name == "default") {
      fallback = is_none(named.value) ? nullptr : &named.value;
    } else {
      return fault("there is no argument '" + std::string(named.name) + "'");
    }
  }
  if (attribute == nullptr) {
    return fault("needs a filter's name or attribute=...");
  }
  if (fallback != nullptr && as_text(*attribute) != nullptr &&
      as_text(*attribute)->view.find('.') != std::string_view::npos) {
    return fault("a default for a path with dots is not supported");
  }
  std::vector<Value> out;
  out.reserve(items.size());
  for (const Value& item : items) {
    LC_TRY(Value value, lookup_path(item, *attribute, place));
    const bool is_missing = as_undefined(value) != nullptr;
    out.push_back(is_missing && fallback != nullptr ? *fallback : std::move(value));
  }
  return make_sequence(SequenceKind::iterator, std::move(out));
}

Outcome<Value> map(const Value& input, const CallArguments& arguments, Meter& meter, Place place) {
  LC_TRY(const std::vector<Value> items, input_items(input, meter));
  if (arguments.positional.empty()) {
    return map_attribute(items, arguments, place);
  }
  const Text* name = as_text(arguments.positional.front());
  const Filter* filter = name != nullptr ? find_filter(name->view) : nullptr;
  if (filter == nullptr) {
    return fault("there is no such filter" + (name ? " '" + std::string(name->view) + "'" : ""));
  }
  CallArguments rest = arguments;
  rest.positional.erase(rest.positional.begin());
  std::vector<Value> out;
  out.reserve(items.size());
  for (const Value& item : items) {
    LC_TRY_STATUS(meter.charge(1));
    LC_TRY(Value value, apply_filter(*filter, item, rest, meter, place));
    out.push_back(std::move(value));
  }
  return make_sequence(SequenceKind::iterator, std::move(out));
}

enum class Keep { passing, failing };
enum class Subject { item, attribute };

Outcome<Value> filter_items(const Value& input, const CallArguments& arguments, Meter& meter,
                            Place place, Keep keep, Subject subject) {
  LC_TRY(const std::vector<Value> items, input_items(input, meter));
  const std::size_t hidden = subject == Subject::attribute ? 1 : 0;
  if (arguments.positional.size() < hidden) {
    return fault("needs the name of an attribute");
  }
  const Test* test = nullptr;
  CallArguments rest = arguments;
  rest.positional.erase(rest.positional.begin(),
                        rest.positional.begin() + static_cast<std::ptrdiff_t>(hidden));
  if (!rest.positional.empty()) {
    const Text* name = as_text(rest.positional.front());
    test = name != nullptr ? find_test(name->view) : nullptr;
    if (test == nullptr) {
      return fault("there is no such test" + (name ? " '" + std::string(name->view) + "'" : ""));
    }
    rest.positional.erase(rest.positional.begin());
  }
  std::vector<Value> kept;
  for (const Value& item : items) {
    LC_TRY_STATUS(meter.charge(1));
    Value value = item;
    if (hidden > 0) {
      LC_TRY(value, lookup_path(item, arguments.positional.front(), place));
    }
    LC_TRY(const bool passes,
           test != nullptr ? apply_test(*test, value, rest, meter, place) : truth(value));
    if (passes == (keep == Keep::passing)) {
      kept.push_back(item);
    }
  }
  return make_sequence(SequenceKind::iterator, std::move(kept));
}

Outcome<Value> select(const Value& input, const CallArguments& arguments, Meter& meter,
                      Place place) {
  return filter_items(input, arguments, meter, place, Keep::passing, Subject::item);
}

Outcome<Value> reject(const Value& input, const CallArguments& arguments, Meter& meter,
                      Place place) {
  return filter_items(input, arguments, meter, place, Keep::failing, Subject::item);
}

Outcome<Value> selectattr(const Value& input, const CallArguments& arguments, Meter& meter,
                          Place place) {
  return filter_items(input, arguments, meter, place, Keep::passing, Subject::attribute);
}

Outcome<Value> rejectattr(const Value& input, const CallArguments& arguments, Meter& meter,
                          Place place) {
  return filter_items(input, arguments, meter, place, Keep::failing, Subject::attribute);
}

constexpr Filter kFilters[] = {
    {{"map"}, nullptr, map},
    {{"select"}, nullptr, select},
    {{"reject"}, nullptr, reject},
    {{"selectattr"}, nullptr, selectattr},
    {{"rejectattr"}, nullptr, rejectattr},
};

}  // namespace

std::span<const Filter> select_filters() {
  return kFilters;
}

const Filter* find_filter(std::string_view name) {
  for (const auto group : {text_filters(), number_filters(), list_filters(), select_filters()}) {
    for (const Filter& filter : group) {
      if (filter.signature.name == name) {
        return &filter;
      }
    }
  }
  return nullptr;
}

}  // namespace lc::templates
