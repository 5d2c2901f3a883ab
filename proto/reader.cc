#include "proto/reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/diagnostic.h"
#include "proto/slice.h"

namespace lc::proto {
namespace {

constexpr std::size_t kFieldsExpected = 8;
constexpr std::size_t kProblemsShownMax = 20;  // a message of a thousand mistakes stays readable

std::string range_words(IntRange range) {
  const bool bounded = range.max < kWireIntMax;
  if (range.min > -kWireIntMax) {
    return bounded ? fmt::format("a whole number from {} to {}", range.min, range.max)
                   : fmt::format("a whole number of at least {}", range.min);
  }
  return "a whole number";
}

// `12` and also `12.0`, which some languages write for a whole number.
std::optional<std::int64_t> whole_number(std::string_view json) {
  if (const std::size_t dot = json.find('.'); dot != std::string_view::npos) {
    if (json.find_first_not_of('0', dot + 1) != std::string_view::npos) {
      return std::nullopt;
    }
    json = json.substr(0, dot);
  }
  auto value = json_int_value(json);
  return value ? std::optional(*value) : std::nullopt;
}

std::string unknown_words(std::string_view key, std::span<const std::string_view> known) {
  const std::string_view meant = nearest(key, known);
  return meant.empty() ? "is unknown" : fmt::format("is unknown (did you mean '{}'?)", meant);
}

}  // namespace

bool Problems::full() const {
  return count_ >= kProblemsShownMax;
}

void Problems::add(std::string_view path, std::string_view words) {
  ++count_;
  if (count_ > kProblemsShownMax) {
    return;
  }
  if (count_ > 1) {
    text_ += "; ";
  }
  text_ += fmt::format("field '{}' {}", shorten(path, 128), words);
}

std::unexpected<Error> Problems::error(std::string_view message_name) const {
  std::string message = fmt::format("{}: {}", message_name, text_);
  if (count_ > kProblemsShownMax) {
    message += fmt::format("; and {} more", count_ - kProblemsShownMax);
  }
  return fail(ErrorCode::invalid_input, valid_utf8(message));
}

std::string FieldPath::words() const {
  std::string words = parent != nullptr ? parent->words() : std::string();
  if (!words.empty() && !name.empty()) {
    words += '.';
  }
  words += name;
  if (index != kNoIndex) {
    words += fmt::format("[{}]", index);
  }
  return words;
}

ObjectReader::ObjectReader(std::vector<JsonField> fields, FieldPath path, Problems& problems)
    : fields_(std::move(fields)), path_(path), problems_(problems) {
  known_.reserve(kFieldsExpected);
}

ObjectReader ObjectReader::inside(std::string_view value, FieldPath path, Problems& problems) {
  auto members = json_members(value);
  ObjectReader reader({}, path, problems);
  if (members) {
    reader.fields_ = std::move(*members);
  } else {
    problems.add(path.words(), value.starts_with('{')
                                   ? "has a " + members.error().message
                                   : fmt::format("is {}; it must be an object", describe(value)));
    reader.absent_ = true;
  }
  return reader;
}

const JsonField* ObjectReader::find_field(std::string_view name) {
  known_.push_back(name);
  const auto it = std::ranges::find(fields_, name, &JsonField::key);
  return it == fields_.end() ? nullptr : &*it;
}

bool ObjectReader::has(std::string_view name) {
  return find_field(name) != nullptr;
}

std::string_view ObjectReader::any(std::string_view name) {
  const JsonField* field = find_field(name);
  if (field == nullptr) {
    problem(name, "is missing");
    return "null";
  }
  return field->text;
}

std::string_view ObjectReader::object_text(std::string_view name) {
  const JsonField* field = find_field(name);
  if (field == nullptr) {
    problem(name, "is missing");
    return "null";
  }
  if (!field->text.starts_with('{')) {
    problem(name, fmt::format("is {}; it must be an object", describe(field->text)));
    return "null";
  }
  return field->text;
}

std::string ObjectReader::text(std::string_view name, TextLength length) {
  const JsonField* field = find_field(name);
  if (field == nullptr) {
    problem(name, "is missing");
    return {};
  }
  auto value = json_string_value(field->text);
  if (!value) {
    problem(name, fmt::format("is {}; it must be a string", describe(field->text)));
    return {};
  }
  if (value->size() < length.min) {
    problem(name,
            fmt::format("is {}; it needs at least {} byte(s)", describe(field->text), length.min));
  } else if (value->size() > length.max) {
    problem(name, fmt::format("has {} bytes, at most {} are accepted", value->size(), length.max));
  }
  return std::move(*value);
}

std::int64_t ObjectReader::integer(std::string_view name, IntRange range) {
  const JsonField* field = find_field(name);
  if (field == nullptr) {
    problem(name, "is missing");
    return 0;
  }
  const auto value = whole_number(field->text);
  if (!value || *value < range.min || *value > range.max) {
    problem(name, fmt::format("is {}; it must be {}", describe(field->text), range_words(range)));
    return 0;
  }
  return *value;
}

template <class T>
T ObjectReader::named(std::string_view name, Result<T> (*parse)(std::string_view)) {
  const JsonField* field = find_field(name);
  if (field == nullptr) {
    problem(name, "is missing");
    return {};
  }
  auto string = json_string_value(field->text);
  if (!string) {
    problem(name, fmt::format("is {}; it must be a string", describe(field->text)));
    return {};
  }
  auto value = parse(*string);
  if (!value) {
    problem(name, fmt::format("is wrong: {}", value.error().message));
    return {};
  }
  return std::move(*value);
}

WallTime ObjectReader::time(std::string_view name) {
  // With its offset, a time of the first or the last day can lie outside of what can be written.
  static const WallTime kFirst = *parse_rfc3339("0000-01-01T00:00:00Z");
  static const WallTime kLast = *parse_rfc3339("9999-12-31T23:59:59.999999Z");
  const WallTime time = named(name, parse_rfc3339);
  if (time < kFirst || time > kLast) {
    problem(name, "is outside of the years 0000 to 9999 UTC");
    return {};
  }
  return time;
}

Kind ObjectReader::kind(std::string_view name) {
  return named(name, parse_kind);
}

StreamId ObjectReader::stream(std::string_view name) {
  return named(name, parse_stream_id);
}

CrewId ObjectReader::crew(std::string_view name) {
  return named(name, parse_crew_id);
}

ObjectReader ObjectReader::object(std::string_view name) {
  const JsonField* field = find_field(name);
  if (field == nullptr) {
    problem(name, "is missing");
    ObjectReader absent({}, {.parent = &path_, .name = name}, problems_);
    absent.absent_ = true;
    return absent;
  }
  return inside(field->text, {.parent = &path_, .name = name}, problems_);
}

std::vector<std::string_view> ObjectReader::items(std::string_view name) {
  const JsonField* field = find_field(name);
  if (field == nullptr) {
    problem(name, "is missing");
    return {};
  }
  auto items = json_items(field->text);
  if (!items) {
    problem(name, fmt::format("is {}; it must be an array", describe(field->text)));
    return {};
  }
  return std::move(*items);
}

void ObjectReader::constant(std::string_view name, std::string_view word) {
  const JsonField* field = find_field(name);
  if (field == nullptr) {
    problem(name, "is missing");
  } else if (auto value = json_string_value(field->text); !value || *value != word) {
    problem(name, fmt::format("is {}; it must be \"{}\"", describe(field->text), word));
  }
}

void ObjectReader::version() {
  const JsonField* field = find_field("v");
  if (field == nullptr) {
    problem("v", fmt::format("is missing; this program understands version {}", kWireVersion));
  } else if (whole_number(field->text) != kWireVersion) {
    problem("v", fmt::format("is {}; this program understands version {}", describe(field->text),
                             kWireVersion));
  }
}

void ObjectReader::finish(UnknownFields unknown) {
  if (unknown == UnknownFields::ignored) {
    return;
  }
  for (const JsonField& field : fields_) {
    if (std::ranges::find(known_, field.key) == known_.end()) {
      problem(field.key, problems_.full() ? "is unknown" : unknown_words(field.key, known_));
    }
  }
}

void ObjectReader::problem(std::string_view name, std::string_view words) {
  if (!absent_) {
    problems_.add(FieldPath{.parent = &path_, .name = name}.words(), words);
  }
}

std::string describe(std::string_view json) {
  if (json == "null" || json == "true" || json == "false") {
    return std::string(json);
  }
  const std::string_view type = json.starts_with('"')   ? "the string"
                                : json.starts_with('{') ? "the object"
                                : json.starts_with('[') ? "the array"
                                                        : "the number";
  return fmt::format("{} {}", type, shorten(json));
}

}  // namespace lc::proto
