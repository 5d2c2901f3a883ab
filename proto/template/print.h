#pragma once

#include <string>

#include "proto/template/value.h"

namespace lc::templates {

/// Appends the value as Python's `str()` writes it. Faults: undefined, an iterator.
Outcome<void> append_text(std::string& out, const Value& value, Meter& meter);

/// Appends the value as Python's `repr()` writes it.
Outcome<void> append_repr(std::string& out, const Value& value, Meter& meter);

/// `str()` as text of its own; text stays borrowed.
Outcome<Text> text_of(const Value& value, Meter& meter);

struct JsonStyle {
  int indent = -1;  // spaces a level; below 0: one line
};

/// Appends JSON as Jinja's `tojson` writes it: keys sorted, ASCII only, safe inside HTML.
Outcome<void> append_tojson(std::string& out, const Value& value, JsonStyle style, Meter& meter);

}  // namespace lc::templates
