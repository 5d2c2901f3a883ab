#include "proto/template/print.h"

#include <fmt/format.h>

#include "proto/template/number_text.h"
#include "proto/template/unicode.h"

namespace lc::templates {
namespace {

void append_escaped(std::string& out, char32_t c) {
  if (c < 0x100) {
    out += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
  } else if (c < 0x10000) {
    out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
  } else {
    out += fmt::format("\\U{:08x}", static_cast<unsigned>(c));
  }
}

void append_text_repr(std::string& out, std::string_view text) {
  const bool has_single = text.find('\'') != std::string_view::npos;
  const bool has_double = text.find('"') != std::string_view::npos;
  const char quote = has_single && !has_double ? '"' : '\'';
  out += quote;
  for (std::size_t at = 0; at < text.size(); at += char_size(text, at)) {
    const char32_t c = char_at(text, at);
    if (c == static_cast<unsigned char>(quote) || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (is_printable(c)) {
      out += text.substr(at, char_size(text, at));
    } else {
      append_escaped(out, c);
    }
  }
  out += quote;
}

struct Brackets {
  std::string_view open;
  std::string_view close;
};

Brackets brackets_of(SequenceKind kind) {
  switch (kind) {
    case SequenceKind::list:
      return {"[", "]"};
    case SequenceKind::tuple:
      return {"(", ")"};
    case SequenceKind::keys:
      return {"dict_keys([", "])"};
    case SequenceKind::values:
      return {"dict_values([", "])"};
    case SequenceKind::items:
      return {"dict_items([", "])"};
    case SequenceKind::range:
    case SequenceKind::iterator:
      break;
  }
  return {};
}

class Printer {
 public:
  Printer(std::string& out, Meter& meter) : out_(out), meter_(meter) {}

  Outcome<void> repr(const Value& value, int depth) {
    const std::size_t before = out_.size();
    if (const auto* undefined = as_undefined(value)) {
      return undefined_fault(*undefined);
    }
    if (depth > kValueDepthMax) {
      return fault("lists and mappings are nested more than 100 deep");
    }
    if (const auto list = ListView::of(value)) {
      return sequence(*list, depth);
    }
    if (const auto map = MapView::of(value)) {
      return mapping(*map, depth);
    }
    if (const auto* text = as_text(value)) {
      append_text_repr(out_, text->view);
    } else if (const auto* boolean = std::get_if<bool>(&value.data)) {
      out_ += *boolean ? "True" : "False";
    } else if (const auto* whole = std::get_if<std::int64_t>(&value.data)) {
      out_ += fmt::format_int(*whole).c_str();
    } else if (const auto* real = std::get_if<double>(&value.data)) {
      out_ += float_text(*real);
    } else {
      out_ += "None";
    }
    return meter_.charge_bytes(out_.size() - before);
  }

 private:
  Outcome<void> sequence(const ListView& list, int depth) {
    const Brackets brackets = brackets_of(list.kind());
    if (brackets.open.empty()) {
      return fault("a value of type " +
                   std::string(list.kind() == SequenceKind::range ? "range" : "iterator") +
                   " cannot be printed: put '|list' or '|join' behind it");
    }
    out_ += brackets.open;
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i > 0) {
        out_ += ", ";
      }
      LC_TRY(const Value item, list.at(i));
      LC_TRY_STATUS(repr(item, depth + 1));
    }
    if (list.kind() == SequenceKind::tuple && list.size() == 1) {
      out_ += ',';
    }
    out_ += brackets.close;
    return meter_.charge(1);
  }

  Outcome<void> mapping(const MapView& map, int depth) {
    out_ += '{';
    for (std::size_t i = 0; i < map.size(); ++i) {
      if (i > 0) {
        out_ += ", ";
      }
      append_text_repr(out_, map.key(i));
      LC_TRY_STATUS(meter_.charge_bytes(map.key(i).size()));
      out_ += ": ";
      LC_TRY(const Value member, map.at(i));
      LC_TRY_STATUS(repr(member, depth + 1));
    }
    out_ += '}';
    return meter_.charge(1);
  }

  std::string& out_;
  Meter& meter_;
};

}  // namespace

Outcome<void> append_repr(std::string& out, const Value& value, Meter& meter) {
  return Printer(out, meter).repr(value, 0);
}

Outcome<void> append_text(std::string& out, const Value& value, Meter& meter) {
  if (const auto* text = as_text(value)) {
    out += text->view;
    return meter.charge_bytes(text->view.size());
  }
  if (const auto* undefined = as_undefined(value); undefined && undefined->prints_empty) {
    return {};
  }
  return append_repr(out, value, meter);
}

Outcome<Text> text_of(const Value& value, Meter& meter) {
  if (const auto* text = as_text(value)) {
    return *text;
  }
  std::string out;
  LC_TRY_STATUS(append_repr(out, value, meter));
  return std::get<Text>(make_text(std::move(out)).data);
}

}  // namespace lc::templates
