#pragma once

#include <array>
#include <optional>
#include <span>

#include "proto/template/value.h"

namespace lc::templates {

using SliceBounds = std::array<std::optional<std::int64_t>, 3>;  // start, stop, step

/// `input[start:stop:step]` of a string, list or tuple.
Outcome<Value> take_slice(const Value& input, const SliceBounds& bounds, Meter& meter);

/// `range(stop)`, `range(start, stop)`, `range(start, stop, step)`.
Outcome<Value> make_range(std::span<const std::int64_t> numbers, Meter& meter);

}  // namespace lc::templates
