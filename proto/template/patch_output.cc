#include "proto/template/patch_output.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "proto/template/compile.h"
#include "proto/template/number_text.h"
#include "proto/template/print.h"

namespace lc::templates {
namespace {

// Both quotes, so that the text fits between either.
void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '\\' || c == '\'' || c == '"') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
}

Outcome<void> append_literal(std::string& out, const Value& value, Meter& meter);

Outcome<void> append_list(std::string& out, const ListView& list, Meter& meter) {
  out += '[';
  for (std::size_t i = 0; i < list.size(); ++i) {
    LC_TRY(const Value item, list.at(i));
    LC_TRY_STATUS(append_literal(out, item, meter));
    out += ", ";
  }
  out += ']';
  return {};
}

Outcome<void> append_mapping(std::string& out, const MapView& map, Meter& meter) {
  out += '{';
  for (std::size_t i = 0; i < map.size(); ++i) {
    LC_TRY_STATUS(append_literal(out, map.key_value(i), meter));
    out += ": ";
    LC_TRY(const Value member, map.at(i));
    LC_TRY_STATUS(append_literal(out, member, meter));
    out += ", ";
  }
  out += '}';
  return {};
}

// The value as an expression of the template language.
Outcome<void> append_literal(std::string& out, const Value& value, Meter& meter) {
  LC_TRY_STATUS(meter.charge(1));
  if (const auto* undefined = as_undefined(value)) {
    return undefined_fault(*undefined);
  }
  if (const auto list = ListView::of(value)) {
    return append_list(out, *list, meter);
  }
  if (const auto map = MapView::of(value)) {
    return append_mapping(out, *map, meter);
  }
  if (const auto* text = as_text(value)) {
    LC_TRY_STATUS(meter.charge_bytes(text->view.size()));
    out += '"';
    append_escaped(out, text->view);
    out += '"';
  } else if (const auto* boolean = std::get_if<bool>(&value.data)) {
    out += *boolean ? "true" : "false";
  } else if (const auto* whole = std::get_if<std::int64_t>(&value.data)) {
    // The lowest number has no positive twin to put a minus before.
    out += *whole == std::numeric_limits<std::int64_t>::min() ? "(-9223372036854775807 - 1)"
                                                              : std::to_string(*whole);
  } else if (const auto* real = std::get_if<double>(&value.data)) {
    if (!std::isfinite(*real)) {
      return fault("the number " + float_text(*real) + " has no JSON form");
    }
    out += float_text(*real);
  } else {
    out += "none";
  }
  return {};
}

}  // namespace

void QuoteTracker::feed(char c) {
  if (c == '\n') {
    inside_ = Inside::nothing;
    after_backslash_ = false;
    return;
  }
  switch (inside_) {
    case Inside::nothing:
      inside_ = c == '\''  ? Inside::single_quotes
                : c == '"' ? Inside::double_quotes
                : c == '#' ? Inside::comment
                           : Inside::nothing;
      return;
    case Inside::single_quotes:
    case Inside::double_quotes:
      if (after_backslash_ || c == '\\') {
        after_backslash_ = !after_backslash_;
      } else if (c == (inside_ == Inside::single_quotes ? '\'' : '"')) {
        inside_ = Inside::nothing;
      }
      return;
    case Inside::comment:
      return;
  }
}

Outcome<void> PatchOutput::text(std::string_view text) {
  for (const char c : text) {
    tracker_.feed(c);
  }
  out_ += text;
  return check_size(out_.size(), bytes_max_);
}

Outcome<void> PatchOutput::value(const Value& value, Meter& meter) {
  if (tracker_.after_backslash()) {
    return fault("a backslash stands before '{{': write '\\\\'");
  }
  if (tracker_.inside() == QuoteTracker::Inside::nothing) {
    // In brackets, so that it neither joins its neighbours nor is split by a stronger operator.
    out_ += '(';
    LC_TRY_STATUS(append_literal(out_, value, meter));
    out_ += ')';
  } else {
    LC_TRY(const Text text, text_of(value, meter));
    append_escaped(out_, text.view);
  }
  return check_size(out_.size(), bytes_max_);
}

std::string_view without_comment(std::string_view line) {
  QuoteTracker tracker;
  for (std::size_t i = 0; i < line.size(); ++i) {
    tracker.feed(line[i]);
    if (tracker.inside() == QuoteTracker::Inside::comment) {
      return line.substr(0, i);
    }
  }
  return line;
}

}  // namespace lc::templates
