#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "proto/template/number_text.h"
#include "proto/template/print.h"
#include "proto/template/unicode.h"

namespace lc::templates {
namespace {

void append_unit(std::string& out, std::uint32_t unit) {
  out += fmt::format("\\u{:04x}", unit);
}

void append_json_char(std::string& out, char32_t c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\b':
      out += "\\b";
      return;
    default:
      break;
  }
  const bool is_html = c == '<' || c == '>' || c == '&' || c == '\'';
  if (c >= 0x20 && c < 0x7F && !is_html) {
    out += static_cast<char>(c);
  } else if (c < 0x10000) {
    append_unit(out, c);
  } else {
    append_unit(out, 0xD800 + ((c - 0x10000) >> 10));
    append_unit(out, 0xDC00 + ((c - 0x10000) & 0x3FF));
  }
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t at = 0; at < text.size(); at += char_size(text, at)) {
    append_json_char(out, char_at(text, at));
  }
  out += '"';
}

class Writer {
 public:
  Writer(std::string& out, JsonStyle style, Meter& meter)
      : out_(out), style_(style), meter_(meter) {}

  Outcome<void> value(const Value& value, int depth) {
    const std::size_t before = out_.size();
    if (const auto* undefined = as_undefined(value)) {
      return undefined_fault(*undefined);
    }
    if (depth > kValueDepthMax) {
      return fault("lists and mappings are nested more than 100 deep");
    }
    if (const auto list = ListView::of(value)) {
      return array(*list, depth);
    }
    if (const auto map = MapView::of(value)) {
      return object(*map, depth);
    }
    if (const auto* text = as_text(value)) {
      append_string(out_, text->view);
    } else if (const auto* boolean = std::get_if<bool>(&value.data)) {
      out_ += *boolean ? "true" : "false";
    } else if (const auto* whole = std::get_if<std::int64_t>(&value.data)) {
      out_ += fmt::format_int(*whole).c_str();
    } else if (const auto* real = std::get_if<double>(&value.data)) {
      if (!std::isfinite(*real)) {
        return fault("the number " + float_text(*real) + " has no JSON form");
      }
      out_ += float_text(*real);
    } else {
      out_ += "null";
    }
    return meter_.charge_bytes(out_.size() - before);
  }

 private:
  Outcome<void> array(const ListView& list, int depth) {
    if (!is_list_or_tuple(list.kind())) {
      return fault("only lists and tuples have a JSON form: put '|list' before '|tojson'");
    }
    out_ += '[';
    for (std::size_t i = 0; i < list.size(); ++i) {
      LC_TRY_STATUS(separate(i, depth + 1));
      LC_TRY(const Value item, list.at(i));
      LC_TRY_STATUS(value(item, depth + 1));
    }
    return close(']', list.size(), depth);
  }

  Outcome<void> object(const MapView& map, int depth) {
    std::vector<std::size_t> order(map.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
      order[i] = i;
    }
    std::sort(order.begin(), order.end(),
              [&map](std::size_t a, std::size_t b) { return map.key(a) < map.key(b); });
    out_ += '{';
    for (std::size_t i = 0; i < order.size(); ++i) {
      LC_TRY_STATUS(separate(i, depth + 1));
      append_string(out_, map.key(order[i]));
      LC_TRY_STATUS(meter_.charge_bytes(map.key(order[i]).size()));
      out_ += ": ";
      LC_TRY(const Value member, map.at(order[i]));
      LC_TRY_STATUS(value(member, depth + 1));
    }
    return close('}', order.size(), depth);
  }

  Outcome<void> separate(std::size_t index, int depth) {
    if (index > 0) {
      out_ += style_.indent < 0 ? ", " : ",";
    }
    return new_line(depth);
  }

  Outcome<void> new_line(int depth) {
    if (style_.indent < 0) {
      return {};
    }
    const auto spaces = static_cast<std::size_t>(style_.indent * depth);
    LC_TRY_STATUS(meter_.charge_bytes(spaces));
    out_ += '\n';
    out_.append(spaces, ' ');
    return {};
  }

  Outcome<void> close(char bracket, std::size_t count, int depth) {
    if (count > 0) {
      LC_TRY_STATUS(new_line(depth));
    }
    out_ += bracket;
    return meter_.charge(1);
  }

  std::string& out_;
  JsonStyle style_;
  Meter& meter_;
};

}  // namespace

Outcome<void> append_tojson(std::string& out, const Value& value, JsonStyle style, Meter& meter) {
  return Writer(out, style, meter).value(value, 0);
}

}  // namespace lc::templates
