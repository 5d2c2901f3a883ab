#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/template/value.h"

namespace lc::templates {

inline constexpr std::size_t kParametersMax = 5;

struct NamedValue {
  std::string_view name;
  Value value;
};

/// Arguments as they were written: `(1, indent=2)`.
struct CallArguments {
  std::vector<Value> positional;
  std::vector<NamedValue> named;
};

/// Arguments by parameter, null where none was given.
using Bound = std::array<const Value*, kParametersMax>;

struct Call {
  const Value& input;
  Bound arguments;
  Meter& meter;
  Place place;
};

using CallFunction = Outcome<Value> (*)(const Call&);
using TestFunction = Outcome<bool> (*)(const Call&);
/// For what takes another filter or test by name: the arguments stay as written.
using OpenFunction = Outcome<Value> (*)(const Value& input, const CallArguments& arguments,
                                        Meter& meter, Place place);

/// Parameters in order, empty ones are not there; the first `required` must be given.
struct Signature {
  std::string_view name;
  std::array<std::string_view, kParametersMax> parameters = {};
  std::size_t required = 0;
};

struct Filter {
  Signature signature;
  CallFunction function = nullptr;
  OpenFunction open_function = nullptr;
};

struct Test {
  Signature signature;
  TestFunction function = nullptr;
};

struct Method {
  enum class Owner { string, mapping };
  Owner owner = Owner::string;
  Signature signature;
  CallFunction function = nullptr;
};

const Filter* find_filter(std::string_view name);
const Test* find_test(std::string_view name);
/// Methods of strings and mappings have different names.
const Method* find_method(std::string_view name);

/// Whether so many arguments with these names fit; the fault says what does not.
Outcome<void> check_call(const Signature& signature, std::size_t positional,
                         std::span<const std::string_view> named);

Outcome<Value> apply_filter(const Filter& filter, const Value& input,
                            const CallArguments& arguments, Meter& meter, Place place);
Outcome<bool> apply_test(const Test& test, const Value& input, const CallArguments& arguments,
                         Meter& meter, Place place);
Outcome<Value> apply_method(const Method& method, const Value& input,
                            const CallArguments& arguments, Meter& meter, Place place);

/// What `input.name` or `input[key]` is; undefined `what` when there is no such thing.
Outcome<Value> lookup(const Value& input, const Value& key, const Undefined& missing);
/// The same by a path as in `map(attribute='a.b.0')`.
Outcome<Value> lookup_path(const Value& input, const Value& path, Place place);

/// Whether Python has an attribute of that name on such a value (`items` on a mapping).
bool has_python_attribute(const Value& value, std::string_view name);

}  // namespace lc::templates
