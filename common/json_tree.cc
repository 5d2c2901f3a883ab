// Reading JSON into a tree with nlohmann-json's event parser, which knows line and column of what
// is wrong; nothing else in the base library includes it.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_set>

#include "common/json.h"
#include "common/text.h"

namespace lc {
namespace {

constexpr std::size_t kWordsBytesMax = 300;

// Builds the tree from the parser's events; the first complaint stops it.
class TreeBuilder : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit TreeBuilder(JsonLimits limits) : limits_(limits) {}

  bool null() override { return put(Json()); }
  bool boolean(bool flag) override { return put(Json(flag)); }
  bool number_integer(std::int64_t number) override { return put(Json(number)); }
  bool number_unsigned(std::uint64_t number) override {
    return put(Json(JsonNumber{std::to_string(number)}));
  }
  bool number_float(double, const std::string& lexeme) override {
    return put(Json(JsonNumber{lexeme}));
  }
  bool string(std::string& text) override { return put(Json(std::move(text))); }
  bool binary(nlohmann::json::binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Json(JsonObject{})); }
  bool start_array(std::size_t) override { return open(Json(JsonArray{})); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(std::string& name) override {
    Level& level = levels_.back();
    if (!level.keys.insert(name).second) {
      problem_ = fmt::format("duplicate key '{}'", shorten(name));
      return false;
    }
    level.key = std::move(name);
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& e) override {
    std::string_view words =
        e.what();  // "[json.exception.parse_error.101] parse error at line ..."
    if (const std::size_t at = words.find("line "); at != std::string_view::npos) {
      words.remove_prefix(at);
    }
    problem_ = valid_utf8(shorten_middle(words, kWordsBytesMax));  // they quote the input
    return false;
  }

  const std::optional<std::string>& problem() const { return problem_; }
  Json take() { return std::move(root_); }

 private:
  struct Level {
    Json value;
    std::string key;
    std::unordered_set<std::string> keys;
  };

  bool open(Json empty) {
    if (static_cast<int>(levels_.size()) >= limits_.depth_max) {
      problem_ = fmt::format("nested deeper than {} levels", limits_.depth_max);
      return false;
    }
    levels_.push_back({std::move(empty), {}, {}});
    return true;
  }

  bool close() {
    Json value = std::move(levels_.back().value);
    levels_.pop_back();
    return put(std::move(value));
  }

  bool put(Json value) {
    if (levels_.empty()) {
      root_ = std::move(value);
    } else if (auto* array = std::get_if<JsonArray>(&levels_.back().value.value)) {
      array->push_back(std::move(value));
    } else if (auto* object = std::get_if<JsonObject>(&levels_.back().value.value)) {
      object->emplace_back(std::move(levels_.back().key), std::move(value));
    }
    return true;
  }

  JsonLimits limits_;
  Json root_;
  std::vector<Level> levels_;
  std::optional<std::string> problem_;
};

// Counts the bytes that the parser took, to place what the parser itself does not complain about.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, const char** furthest) : at_(at), furthest_(furthest) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    ++at_;
    *furthest_ = std::max(*furthest_, at_);
    return *this;
  }
  CountingIterator operator++(int) {
    const CountingIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }

 private:
  const char* at_;
  const char** furthest_;
};

std::string placed(std::string_view text, std::size_t offset, std::string_view problem) {
  const std::string_view before = text.substr(0, offset);
  const auto line = std::ranges::count(before, '\n') + 1;
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return fmt::format("line {}, column {}: {}", line, offset - line_start + 1, problem);
}

}  // namespace

Result<Json> parse_json(std::string_view text, JsonLimits limits) {
  if (text.size() > limits.bytes_max) {
    return fail(ErrorCode::overloaded, fmt::format("{} bytes of JSON exceed the limit of {}",
                                                   text.size(), limits.bytes_max));
  }
  if (text.find('\0') != std::string_view::npos) {
    return fail(ErrorCode::invalid_input, placed(text, text.find('\0'), "a NUL byte"));
  }
  if (text.starts_with("\xef\xbb\xbf")) {
    return fail(ErrorCode::invalid_input, "line 1, column 1: a byte order mark");
  }
  TreeBuilder builder(limits);
  const char* furthest = text.data();
  const CountingIterator begin(text.data(), &furthest);
  const CountingIterator end(text.data() + text.size(), &furthest);
  const bool complete = nlohmann::json::sax_parse(begin, end, &builder);
  if (builder.problem() && builder.problem()->starts_with("line ")) {
    return fail(ErrorCode::invalid_input, *builder.problem());
  }
  if (builder.problem() || !complete) {
    const auto offset = static_cast<std::size_t>(furthest - text.data());
    return fail(ErrorCode::invalid_input,
                placed(text, offset, builder.problem().value_or("not JSON")));
  }
  return builder.take();
}

}  // namespace lc
