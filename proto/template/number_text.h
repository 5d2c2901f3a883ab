#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lc::templates {

/// The shortest text that reads back as `number`, as Python writes it: `1.0`, `1e+16`, `nan`.
std::string float_text(double number);

/// Reads what Python's `float()` reads: spaces around, `_` between digits, `inf`, `nan`.
std::optional<double> parse_float(std::string_view text);

/// `number` to `digits` decimals (0..300), a tie of the exact binary value to even.
double round_to(double number, int digits);

}  // namespace lc::templates
