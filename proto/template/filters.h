#pragma once

#include "proto/template/registry.h"

namespace lc::templates {

// Filters by what they work on; registry.cc of each group lists them. Semantics are Jinja2's.
std::span<const Filter> text_filters();
std::span<const Filter> number_filters();
std::span<const Filter> list_filters();
std::span<const Filter> select_filters();

// Arguments with Python's defaults.
Outcome<bool> flag_argument(const Value* value, bool fallback);
Outcome<std::int64_t> whole_argument(const Value* value, std::int64_t fallback);
Outcome<Text> text_argument(const Value* value, std::string_view fallback, Meter& meter);

// Text operations that filters and methods share.
Outcome<Value> replace_text(std::string_view text, std::string_view old, std::string_view fresh,
                            std::int64_t count, Meter& meter);
std::string_view strip(std::string_view text, std::string_view chars, bool at_start, bool at_end);

/// What `default_value`, `sort` and others compare strings by: lower case unless case counts.
Outcome<Value> fold_case(const Value& value, bool case_sensitive, Meter& meter);

Outcome<Value> join_texts(const std::vector<Value>& items, std::string_view separator,
                          Meter& meter);

}  // namespace lc::templates
