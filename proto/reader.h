#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/json.h"
#include "common/result.h"
#include "common/text.h"
#include "common/time.h"

// How every message is read: field by field in schema order, collecting all that is wrong, so that
// whoever sent it can repair it in one go. For proto/ and the journal.
namespace lc::proto {

/// What is wrong with one message, in the order found.
class Problems {
 public:
  /// Adds "field '`path`' `words`".
  void add(std::string_view path, std::string_view words);

  bool empty() const { return count_ == 0; }
  /// Whether further problems are only counted.
  bool full() const;

  /// All of it as one error: `event: field 'ts' is missing; field 'kind': ...`.
  std::unexpected<Error> error(std::string_view message_name) const;

 private:
  std::string text_;
  std::size_t count_ = 0;
};

/// What whole numbers a field accepts.
struct IntRange {
  std::int64_t min = std::numeric_limits<std::int64_t>::min();
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
};

/// What lengths a text field accepts, in bytes.
struct TextLength {
  std::size_t min = 0;
  std::size_t max = std::numeric_limits<std::size_t>::max();
};

/// Of the id of one run of a supervisor.
inline constexpr TextLength kBootIdLength = {.min = 1, .max = 256};

/// Counts on the wire stay exact where numbers are doubles: 2^53 - 1.
inline constexpr std::int64_t kWireIntMax = 9'007'199'254'740'991;
inline constexpr IntRange kAnyWireInt = {-kWireIntMax, kWireIntMax};
inline constexpr IntRange kCount = {0, kWireIntMax};
inline constexpr IntRange kCountFromOne = {1, kWireIntMax};

/// Where a value lies in the message, `needs.vision.actions[3]`; words only when they are wanted.
///
/// The parents and names outlive it: they are the readers and texts around the one at hand.
struct FieldPath {
  static constexpr std::size_t kNoIndex = std::numeric_limits<std::size_t>::max();

  const FieldPath* parent = nullptr;
  std::string_view name = {};  // empty: the message itself
  std::size_t index = kNoIndex;

  std::string words() const;
};

enum class UnknownFields { refused, ignored };

/// Takes one JSON object apart. Each getter names the field that it wants, reports what is wrong
/// with it to `problems`, and then returns a value that nobody looks at.
///
/// The texts of `fields`, `problems` and the parents of `path` outlive the reader.
class ObjectReader {
 public:
  ObjectReader(std::vector<JsonField> fields, FieldPath path, Problems& problems);

  /// A reader for a value, in compact text, inside of the message; when it is not an object then
  /// that is the one problem reported.
  static ObjectReader inside(std::string_view value, FieldPath path, Problems& problems);

  /// Whether the field is there; from then on it is a known one.
  bool has(std::string_view name);

  /// The field's value as compact text; `null` when it is missing.
  std::string_view any(std::string_view name);
  /// The same, null when it is missing or not an object.
  std::string_view object_text(std::string_view name);
  std::string text(std::string_view name, TextLength length = {});
  std::int64_t integer(std::string_view name, IntRange range);
  WallTime time(std::string_view name);
  Kind kind(std::string_view name);
  StreamId stream(std::string_view name);
  CrewId crew(std::string_view name);
  ObjectReader object(std::string_view name);
  std::vector<std::string_view> items(std::string_view name);

  /// A text field that can hold only this word.
  void constant(std::string_view name, std::string_view word);
  /// The field `v`, which must be kWireVersion.
  void version();

  /// Reports the fields that nobody asked for.
  void finish(UnknownFields unknown = UnknownFields::refused);

  /// Reports that `name` is wrong.
  void problem(std::string_view name, std::string_view words);
  const FieldPath& path() const { return path_; }
  Problems& problems() { return problems_; }

 private:
  template <class T>
  T named(std::string_view name, Result<T> (*parse)(std::string_view));
  const JsonField* find_field(std::string_view name);

  std::vector<JsonField> fields_;
  std::vector<std::string_view> known_;
  FieldPath path_;
  Problems& problems_;
  bool absent_ = false;  // there is no object: what it lacks is not worth a word
};

/// `the string "abc"`, `the number 12`, shortened, for messages.
std::string describe(std::string_view json);

}  // namespace lc::proto
