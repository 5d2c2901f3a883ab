#include "supervisor/engine/merge_policy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <set>

#include "common/json.h"

namespace lc::engine {
namespace {

std::unexpected<Error> refuse(std::string_view policy, std::string_view accepted,
                              std::string_view written) {
  constexpr std::size_t kShownCharsMax = 80;
  return fail(ErrorCode::invalid_input, fmt::format("a {} key takes {}, not {}", policy, accepted,
                                                    written.substr(0, kShownCharsMax)));
}

// `over` wins wherever both are not objects. Depth is bounded by parse_json.
Json merged(const Json& base, const Json& over) {
  const JsonObject* left = as_object(base);
  const JsonObject* right = as_object(over);
  if (left == nullptr || right == nullptr) {
    return over;
  }
  JsonObject result = *left;
  for (const auto& [key, value] : *right) {
    const auto it =
        std::ranges::find(result, key, [](const JsonMember& member) { return member.first; });
    if (it == result.end()) {
      result.emplace_back(key, value);
    } else {
      it->second = merged(it->second, value);
    }
  }
  return result;
}

Result<std::string> combine_deep(std::string_view current, std::string_view written) {
  if (current.empty()) {
    return std::string(written);
  }
  LC_TRY(const Json base, parse_json(current));
  LC_TRY(const Json over, parse_json(written));
  return write_canonical_json(merged(base, over));
}

std::int64_t saturating_sum(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) {
    return sum;
  }
  return a < 0 ? std::numeric_limits<std::int64_t>::min()
               : std::numeric_limits<std::int64_t>::max();
}

Result<std::string> combine_counter(std::string_view current, std::string_view written) {
  const auto by = json_int_value(written);
  if (!by) {
    return refuse("counter", "a whole number to add", written);
  }
  const auto base = json_int_value(current);
  return std::to_string(saturating_sum(base ? *base : 0, *by));
}

Status add_elements(std::string_view text, std::set<std::string>& elements) {
  LC_TRY(const Json json, parse_json(text));
  const JsonArray* array = as_array(json);
  if (array == nullptr) {
    return refuse("gset", "an array of elements to add", text);
  }
  for (const Json& element : *array) {
    elements.insert(write_canonical_json(element));
  }
  return {};
}

Result<std::string> combine_gset(std::string_view current, std::string_view written) {
  std::set<std::string> elements;
  LC_TRY_STATUS(add_elements(written, elements));
  if (!current.empty()) {
    // What stood there before the policy was declared and is no array gives way to the set.
    static_cast<void>(add_elements(current, elements));
  }
  return fmt::format("[{}]", fmt::join(elements, ","));
}

}  // namespace

Result<std::string> combine(const proto::ContextKeyPolicy& policy, std::string_view current,
                            std::string_view written) {
  switch (policy.policy) {
    case proto::MergePolicy::deep:
      return combine_deep(current, written);
    case proto::MergePolicy::counter:
      return combine_counter(current, written);
    case proto::MergePolicy::gset:
      return combine_gset(current, written);
    case proto::MergePolicy::replace:
    case proto::MergePolicy::state_machine:
      break;
  }
  return std::string(written);
}

bool keeps_both(proto::MergePolicy policy) {
  return policy == proto::MergePolicy::deep || policy == proto::MergePolicy::counter ||
         policy == proto::MergePolicy::gset;
}

Result<std::size_t> state_rank(const proto::ContextKeyPolicy& policy, std::string_view state) {
  const auto text = json_string_value(state);
  const auto it = text ? std::ranges::find(policy.states, *text) : policy.states.end();
  if (it == policy.states.end()) {
    return refuse("state_machine", fmt::format("one of {}", fmt::join(policy.states, ", ")), state);
  }
  return static_cast<std::size_t>(it - policy.states.begin());
}

}  // namespace lc::engine
