#include "proto/template/slice.h"

#include <algorithm>

#include "proto/template/unicode.h"

namespace lc::templates {
namespace {

struct Steps {
  std::int64_t start = 0;
  std::int64_t count = 0;
  std::int64_t step = 1;
};

// Python's rules: negative bounds count from the end, all are clipped.
Outcome<Steps> resolve(const SliceBounds& bounds, std::int64_t size) {
  Steps steps;
  steps.step = bounds[2].value_or(1);
  if (steps.step == 0) {
    return fault("the step of a slice cannot be zero");
  }
  const bool is_forward = steps.step > 0;
  const std::int64_t low = is_forward ? 0 : -1;
  const std::int64_t high = is_forward ? size : size - 1;
  const auto clip = [low, high, size](std::int64_t bound) {
    return std::clamp(bound < 0 ? std::max(bound, -size - 1) + size : bound, low, high);
  };
  steps.start = bounds[0] ? clip(*bounds[0]) : (is_forward ? low : high);
  const std::int64_t stop = bounds[1] ? clip(*bounds[1]) : (is_forward ? high : low);
  const std::int64_t distance = is_forward ? stop - steps.start : steps.start - stop;
  // A step of more than the size takes one item, so it can be cut before it is negated.
  const std::int64_t width = is_forward ? steps.step : -std::max(steps.step, -size - 1);
  steps.count = distance > 0 ? (distance - 1) / width + 1 : 0;
  return steps;
}

Outcome<Value> slice_text(const Text& text, const SliceBounds& bounds, Meter& meter) {
  LC_TRY_STATUS(meter.charge_bytes(text.view.size()));
  LC_TRY(const Steps steps, resolve(bounds, static_cast<std::int64_t>(char_count(text.view))));
  if (steps.step == 1) {
    const std::size_t begin = char_offset(text.view, static_cast<std::size_t>(steps.start));
    const std::string_view tail = text.view.substr(begin);
    return Value{
        Text{tail.substr(0, char_offset(tail, static_cast<std::size_t>(steps.count))), text.owner}};
  }
  LC_TRY(const std::vector<Value> chars, iterate(Value{text}, meter));
  std::string out;
  for (std::int64_t i = 0; i < steps.count; ++i) {
    out += as_text(chars[static_cast<std::size_t>(steps.start + i * steps.step)])->view;
  }
  return make_text(std::move(out));
}

}  // namespace

Outcome<Value> take_slice(const Value& input, const SliceBounds& bounds, Meter& meter) {
  if (const auto* undefined = as_undefined(input)) {
    return undefined_fault(*undefined);
  }
  if (const auto* text = as_text(input)) {
    return slice_text(*text, bounds, meter);
  }
  const auto list = ListView::of(input);
  if (!list || !is_list_or_tuple(list->kind())) {
    return fault("cannot take a slice of a value of type " + std::string(kind_name(input)));
  }
  LC_TRY(const Steps steps, resolve(bounds, static_cast<std::int64_t>(list->size())));
  LC_TRY_STATUS(meter.charge(steps.count));
  std::vector<Value> items;
  for (std::int64_t i = 0; i < steps.count; ++i) {
    LC_TRY(Value item, list->at(static_cast<std::size_t>(steps.start + i * steps.step)));
    items.push_back(std::move(item));
  }
  return make_sequence(list->kind(), std::move(items));
}

Outcome<Value> make_range(std::span<const std::int64_t> numbers, Meter& meter) {
  const std::int64_t start = numbers.size() > 1 ? numbers[0] : 0;
  const std::int64_t stop = numbers.size() > 1 ? numbers[1] : numbers[0];
  const std::int64_t step = numbers.size() > 2 ? numbers[2] : 1;
  if (step == 0) {
    return fault("the step of 'range' cannot be zero");
  }
  std::vector<Value> items;
  for (std::int64_t at = start; step > 0 ? at < stop : at > stop;) {
    LC_TRY_STATUS(meter.charge(1));
    items.push_back(Value{at});
    if (__builtin_add_overflow(at, step, &at)) {
      break;
    }
  }
  return make_sequence(SequenceKind::range, std::move(items));
}

}  // namespace lc::templates
