#include "proto/template/registry.h"

#include <algorithm>

namespace lc::templates {
namespace {

std::size_t parameter_count(const Signature& signature) {
  return static_cast<std::size_t>(
      std::count_if(signature.parameters.begin(), signature.parameters.end(),
                    [](std::string_view name) { return !name.empty(); }));
}

Outcome<Bound> bind(const Signature& signature, const CallArguments& arguments) {
  std::vector<std::string_view> names;
  for (const NamedValue& named : arguments.named) {
    names.push_back(named.name);
  }
  LC_TRY_STATUS(check_call(signature, arguments.positional.size(), names));
  Bound bound = {};
  for (std::size_t i = 0; i < arguments.positional.size(); ++i) {
    bound[i] = &arguments.positional[i];
  }
  for (const NamedValue& named : arguments.named) {
    const auto at = std::find(signature.parameters.begin(), signature.parameters.end(), named.name);
    bound[static_cast<std::size_t>(at - signature.parameters.begin())] = &named.value;
  }
  return bound;
}

std::unexpected<Fault> with_name(const Signature& signature, Fault fault) {
  if (fault.place.line == 0 && fault.code == ErrorCode::invalid_input) {
    fault.message = "'" + std::string(signature.name) + "': " + fault.message;
  }
  return std::unexpected(std::move(fault));
}

}  // namespace

Outcome<void> check_call(const Signature& signature, std::size_t positional,
                         std::span<const std::string_view> named) {
  const std::string name(signature.name);
  const std::size_t known = parameter_count(signature);
  if (positional > known) {
    return fault("'" + name + "' takes " + std::to_string(known) + " arguments, not " +
                 std::to_string(positional));
  }
  std::array<bool, kParametersMax> given = {};
  std::fill_n(given.begin(), positional, true);
  for (const std::string_view argument : named) {
    const auto at = std::find(signature.parameters.begin(), signature.parameters.end(), argument);
    if (at == signature.parameters.end()) {
      return fault("'" + name + "' has no argument '" + std::string(argument) + "'");
    }
    bool& is_given = given[static_cast<std::size_t>(at - signature.parameters.begin())];
    if (is_given) {
      return fault("'" + name + "' is given '" + std::string(argument) + "' twice");
    }
    is_given = true;
  }
  for (std::size_t i = 0; i < signature.required; ++i) {
    if (!given[i]) {
      return fault("'" + name + "' needs the argument '" + std::string(signature.parameters[i]) +
                   "'");
    }
  }
  return {};
}

Outcome<Value> apply_filter(const Filter& filter, const Value& input,
                            const CallArguments& arguments, Meter& meter, Place place) {
  Outcome<Value> value;
  if (filter.open_function != nullptr) {
    value = filter.open_function(input, arguments, meter, place);
  } else {
    LC_TRY(const Bound bound, bind(filter.signature, arguments));
    value = filter.function(Call{input, bound, meter, place});
  }
  if (!value) {
    return with_name(filter.signature, std::move(value).error());
  }
  return value;
}

Outcome<bool> apply_test(const Test& test, const Value& input, const CallArguments& arguments,
                         Meter& meter, Place place) {
  LC_TRY(const Bound bound, bind(test.signature, arguments));
  Outcome<bool> answer = test.function(Call{input, bound, meter, place});
  if (!answer) {
    return with_name(test.signature, std::move(answer).error());
  }
  return answer;
}

Outcome<Value> apply_method(const Method& method, const Value& input,
                            const CallArguments& arguments, Meter& meter, Place place) {
  if (const auto* undefined = as_undefined(input)) {
    return undefined_fault(*undefined);
  }
  const bool fits = method.owner == Method::Owner::string ? as_text(input) != nullptr
                                                          : MapView::of(input).has_value();
  if (!fits) {
    return fault("a value of type " + std::string(kind_name(input)) + " has no method '" +
                 std::string(method.signature.name) + "' here");
  }
  LC_TRY(const Bound bound, bind(method.signature, arguments));
  Outcome<Value> value = method.function(Call{input, bound, meter, place});
  if (!value) {
    return with_name(method.signature, std::move(value).error());
  }
  return value;
}

}  // namespace lc::templates
