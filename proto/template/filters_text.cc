#include <algorithm>

#include "proto/template/filters.h"
#include "proto/template/print.h"
#include "proto/template/unicode.h"

namespace lc::templates {
namespace {

Outcome<Value> upper(const Call& call) {
  LC_TRY(const Text text, text_of(call.input, call.meter));
  LC_TRY_STATUS(call.meter.charge_bytes(text.view.size() * 3));
  return make_text(to_upper(text.view));
}

Outcome<Value> lower(const Call& call) {
  LC_TRY(const Text text, text_of(call.input, call.meter));
  LC_TRY_STATUS(call.meter.charge_bytes(text.view.size() * 3));
  return make_text(to_lower(text.view));
}

Outcome<Value> capitalize(const Call& call) {
  LC_TRY(const Text text, text_of(call.input, call.meter));
  LC_TRY_STATUS(call.meter.charge_bytes(text.view.size() * 3));
  return make_text(to_capitalized(text.view));
}

bool begins_word(char32_t c) {
  return c == '-' || c == '(' || c == '{' || c == '[' || c == '<' || is_space(c);
}

// A word is what stands between runs of spaces, dashes and opening brackets.
Outcome<Value> title(const Call& call) {
  LC_TRY(const Text text, text_of(call.input, call.meter));
  LC_TRY_STATUS(call.meter.charge_bytes(text.view.size() * 3));
  const std::string_view all = text.view;
  std::string out;
  for (std::size_t at = 0; at < all.size();) {
    std::size_t end = at;
    while (end < all.size() && !begins_word(char_at(all, end))) {
      end += char_size(all, end);
    }
    if (end > at) {
      const std::size_t first = char_size(all, at);
      out += to_upper(all.substr(at, first));
      out += to_lower(all.substr(at + first, end - at - first));
    } else {
      end += char_size(all, at);
      out += all.substr(at, end - at);
    }
    at = end;
  }
  return make_text(std::move(out));
}

Outcome<Value> trim(const Call& call) {
  LC_TRY(Text text, text_of(call.input, call.meter));
  LC_TRY_STATUS(call.meter.charge_bytes(text.view.size()));
  const Value* chars = call.arguments[0];
  if (chars == nullptr || is_none(*chars)) {
    text.view = trim_start(trim_end(text.view));
    return Value{text};
  }
  const Text* set = as_text(*chars);
  if (set == nullptr) {
    return fault("the characters must be a string");
  }
  LC_TRY_STATUS(call.meter.charge_bytes(text.view.size() * set->view.size()));
  text.view = strip(text.view, set->view, true, true);
  return Value{text};
}

Outcome<Value> replace(const Call& call) {
  LC_TRY(const Text text, text_of(call.input, call.meter));
  LC_TRY(const Text old, text_of(*call.arguments[0], call.meter));
  LC_TRY(const Text fresh, text_of(*call.arguments[1], call.meter));
  LC_TRY(const std::int64_t count, whole_argument(call.arguments[2], -1));
  return replace_text(text.view, old.view, fresh.view, count, call.meter);
}

Outcome<Value> string(const Call& call) {
  LC_TRY(Text text, text_of(call.input, call.meter));
  return Value{std::move(text)};
}

Outcome<Value> truncate(const Call& call) {
  const Text* text = as_text(call.input);
  if (text == nullptr) {
    return as_undefined(call.input) != nullptr
               ? Outcome<Value>(undefined_fault(*as_undefined(call.input)))
               : fault("needs a string, not a value of type " + std::string(kind_name(call.input)));
  }
  LC_TRY(const std::int64_t length, whole_argument(call.arguments[0], 255));
  LC_TRY(const bool kills_words, flag_argument(call.arguments[1], false));
  LC_TRY(const Text end, text_argument(call.arguments[2], "...", call.meter));
  LC_TRY(const std::int64_t leeway, whole_argument(call.arguments[3], 5));
  const auto end_size = static_cast<std::int64_t>(char_count(end.view));
  if (length < end_size || leeway < 0) {
    return fault("the length must be at least that of the end mark, and the leeway not negative");
  }
  LC_TRY_STATUS(call.meter.charge_bytes(text->view.size()));
  const auto size = static_cast<std::int64_t>(char_count(text->view));
  if (size <= length || size - length <= leeway) {
    return call.input;
  }
  std::string_view kept =
      text->view.substr(0, char_offset(text->view, static_cast<std::size_t>(length - end_size)));
  if (!kills_words) {
    kept = kept.substr(0, kept.rfind(' '));
  }
  return make_text(std::string(kept) + std::string(end.view));
}

Outcome<Value> tojson(const Call& call) {
  JsonStyle style;
  if (const Value* indent = call.arguments[0]; indent != nullptr && !is_none(*indent)) {
    constexpr std::int64_t kIndentMax = 16;
    LC_TRY(const std::int64_t spaces, whole_argument(indent, 0));
    if (spaces < 0 || spaces > kIndentMax) {
      return fault("the indent must be 0 to 16 spaces");
    }
    style.indent = static_cast<int>(spaces);
  }
  std::string out;
  LC_TRY_STATUS(append_tojson(out, call.input, style, call.meter));
  return make_text(std::move(out));
}

Outcome<Value> default_value(const Call& call) {
  bool is_missing = as_undefined(call.input) != nullptr;
  LC_TRY(const bool also_false, flag_argument(call.arguments[1], false));
  if (!is_missing && also_false) {
    LC_TRY(const bool is_true, truth(call.input));
    is_missing = !is_true;
  }
  if (!is_missing) {
    return call.input;
  }
  return call.arguments[0] != nullptr ? *call.arguments[0] : make_borrowed_text("");
}

constexpr Filter kFilters[] = {
    {{"upper"}, upper},
    {{"lower"}, lower},
    {{"capitalize"}, capitalize},
    {{"title"}, title},
    {{"trim", {"chars"}}, trim},
    {{"replace", {"old", "new", "count"}, 2}, replace},
    {{"string"}, string},
    {{"truncate", {"length", "killwords", "end", "leeway"}}, truncate},
    {{"tojson", {"indent"}}, tojson},
    {{"default", {"default_value", "boolean"}}, default_value},
    {{"d", {"default_value", "boolean"}}, default_value},
};

}  // namespace

std::span<const Filter> text_filters() {
  return kFilters;
}

Outcome<Value> replace_text(std::string_view text, std::string_view old, std::string_view fresh,
                            std::int64_t count, Meter& meter) {
  std::string out;
  std::size_t at = 0;
  for (std::int64_t done = 0; count < 0 || done < count; ++done) {
    std::size_t found = text.find(old, at);
    if (old.empty() && done > 0) {  // between any two characters, and at the end
      found = at < text.size() ? at + char_size(text, at) : std::string_view::npos;
    }
    if (found == std::string_view::npos) {
      break;
    }
    LC_TRY_STATUS(meter.charge_bytes(found - at + fresh.size()));
    out.append(text.substr(at, found - at)).append(fresh);
    at = found + old.size();
  }
  LC_TRY_STATUS(meter.charge_bytes(text.size() - at));
  out += text.substr(at);
  return make_text(std::move(out));
}

std::string_view strip(std::string_view text, std::string_view chars, bool at_start, bool at_end) {
  const auto is_stripped = [chars](std::string_view c) {
    for (std::size_t at = 0; at < chars.size(); at += char_size(chars, at)) {
      if (chars.substr(at, char_size(chars, at)) == c) {
        return true;
      }
    }
    return false;
  };
  std::size_t begin = 0;
  while (at_start && begin < text.size() &&
         is_stripped(text.substr(begin, char_size(text, begin)))) {
    begin += char_size(text, begin);
  }
  text.remove_prefix(begin);
  std::size_t end = at_end ? 0 : text.size();
  for (std::size_t at = 0; at_end && at < text.size();) {
    const std::size_t size = char_size(text, at);
    if (!is_stripped(text.substr(at, size))) {
      end = at + size;
    }
    at += size;
  }
  return text.substr(0, end);
}

}  // namespace lc::templates
