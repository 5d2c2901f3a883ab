#pragma once

#include <compare>
#include <cstdint>
#include <expected>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "common/result.h"

namespace lc::templates {

using Document = nlohmann::ordered_json;

/// A place in a template; line and column count from 1, 0 is not known yet.
struct Place {
  int line = 0;
  int column = 0;
};

/// An error on its way out of an expression; the innermost expression that has a place gives it.
struct Fault {
  ErrorCode code = ErrorCode::invalid_input;
  std::string message;
  Place place;
};

template <class T>
using Outcome = std::expected<T, Fault>;

inline std::unexpected<Fault> fault(std::string message, Place place = {}) {
  return std::unexpected(Fault{ErrorCode::invalid_input, std::move(message), place});
}

/// Gives a fault that has no place yet this one.
template <class T>
Outcome<T> located(Outcome<T> outcome, Place place) {
  if (!outcome && outcome.error().place.line == 0) {
    outcome.error().place = place;
  }
  return outcome;
}

/// `user_template:1:4: 'x' is undefined`
Error to_error(std::string_view name, const Fault& fault);

/// What one render may still spend. A step is an expression, an item made or 16 bytes made.
class Meter {
 public:
  explicit Meter(std::int64_t steps_max) : steps_max_(steps_max) {}
  Outcome<void> charge(std::int64_t steps);
  Outcome<void> charge_bytes(std::size_t bytes);

 private:
  std::int64_t steps_max_;
  std::int64_t steps_ = 0;
};

/// What a name, key or index without a value evaluates to; using it is a fault that says so.
struct Undefined {
  std::string_view what;  // the expression as written; lives as long as the program
  Place place;
  bool prints_empty = false;  // an `if` without else: printed as nothing, and false
};

struct None {};

/// Text that is borrowed from the variables or the program, or shared when it was made.
struct Text {
  std::string_view view;
  std::shared_ptr<const std::string> owner;  // of the values that hold this text; null if borrowed
};

/// A list or object inside the variables; never copied.
struct Borrowed {
  const Document* document = nullptr;
};

struct Sequence;
struct Mapping;
// Immutable once made; shared by the values that hold it during one render.
using SequencePtr = std::shared_ptr<const Sequence>;
using MappingPtr = std::shared_ptr<const Mapping>;

struct Value {
  std::variant<None, Undefined, bool, std::int64_t, double, Text, Borrowed, SequencePtr, MappingPtr>
      data;
};

/// Python prints these differently; keys, values and items are a mapping's views. An iterator can
/// be read once.
enum class SequenceKind { list, tuple, keys, values, items, range, iterator };

constexpr bool is_list_or_tuple(SequenceKind kind) {
  return kind == SequenceKind::list || kind == SequenceKind::tuple;
}

inline constexpr int kValueDepthMax = 100;  // lists and mappings in each other

struct Sequence {
  SequenceKind kind = SequenceKind::list;
  std::vector<Value> items;
  int depth = 1;
  mutable bool was_read = false;  // iterators
};

using Member = std::pair<Text, Value>;
struct Mapping {
  std::vector<Member> members;
  int depth = 1;
};

Value make_text(std::string text);
Value make_borrowed_text(std::string_view text);
Outcome<Value> make_sequence(SequenceKind kind, std::vector<Value> items);
/// The later of two members with one key wins, in the place of the first.
Outcome<Value> make_mapping(std::vector<Member> members);

/// Borrows from `document`, which must outlive the value. Faults: whole number beyond 64 bits.
Outcome<Value> borrow(const Document& document);

/// Copies the value out of the render. Faults: undefined, NaN or infinite.
Outcome<Document> to_document(const Value& value);

inline const Text* as_text(const Value& value) {
  return std::get_if<Text>(&value.data);
}
inline const Undefined* as_undefined(const Value& value) {
  return std::get_if<Undefined>(&value.data);
}
bool is_none(const Value& value);

/// Whole numbers, also true and false as Python counts them.
std::optional<std::int64_t> as_whole(const Value& value);

/// Any number as a double.
std::optional<double> as_real(const Value& value);

/// A list, tuple or iterator wherever it lives.
class ListView {
 public:
  static std::optional<ListView> of(const Value& value);
  SequenceKind kind() const { return owned_ ? owned_->kind : SequenceKind::list; }
  std::size_t size() const;
  Outcome<Value> at(std::size_t index) const;
  const Sequence* owned() const { return owned_; }

 private:
  const Document* borrowed_ = nullptr;
  const Sequence* owned_ = nullptr;
};

/// A mapping wherever it lives; members keep their order.
class MapView {
 public:
  static std::optional<MapView> of(const Value& value);
  std::size_t size() const;
  std::string_view key(std::size_t index) const;
  Value key_value(std::size_t index) const;
  Outcome<Value> at(std::size_t index) const;
  std::optional<std::size_t> find(std::string_view key) const;

 private:
  const Document* borrowed_ = nullptr;
  const Mapping* owned_ = nullptr;
};

/// `string`, `list`, `mapping`, ... for error messages.
std::string_view kind_name(const Value& value);

std::unexpected<Fault> undefined_fault(const Undefined& undefined);

/// Python's truth. Faults: undefined.
Outcome<bool> truth(const Value& value);

/// Python's iteration: items, keys of a mapping, characters of a string. Faults: not iterable.
Outcome<std::vector<Value>> iterate(const Value& value, Meter& meter);

}  // namespace lc::templates
