#include "proto/template/filters.h"
#include "proto/template/print.h"
#include "proto/template/unicode.h"

namespace lc::templates {

Outcome<bool> flag_argument(const Value* value, bool fallback) {
  return value == nullptr ? Outcome<bool>(fallback) : truth(*value);
}

Outcome<std::int64_t> whole_argument(const Value* value, std::int64_t fallback) {
  if (value == nullptr || is_none(*value)) {
    return fallback;
  }
  if (const auto* undefined = as_undefined(*value)) {
    return undefined_fault(*undefined);
  }
  if (const auto whole = as_whole(*value)) {
    return *whole;
  }
  return fault("needs a whole number, not a value of type " + std::string(kind_name(*value)));
}

Outcome<Text> text_argument(const Value* value, std::string_view fallback, Meter& meter) {
  return value == nullptr ? Outcome<Text>(Text{fallback, nullptr}) : text_of(*value, meter);
}

Outcome<Value> fold_case(const Value& value, bool case_sensitive, Meter& meter) {
  const Text* text = as_text(value);
  if (case_sensitive || text == nullptr) {
    return value;
  }
  LC_TRY_STATUS(meter.charge_bytes(text->view.size()));
  return make_text(to_lower(text->view));
}

Outcome<Value> join_texts(const std::vector<Value>& items, std::string_view separator,
                          Meter& meter) {
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) {
      LC_TRY_STATUS(meter.charge_bytes(separator.size()));
      out += separator;
    }
    LC_TRY_STATUS(append_text(out, items[i], meter));
  }
  return make_text(std::move(out));
}

}  // namespace lc::templates
