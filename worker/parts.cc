#include "worker/parts.h"

#include <fmt/format.h>

#include <charconv>

namespace lc::worker {
namespace {

constexpr std::string_view kMark = "LC-PART ";

struct Head {
  std::string_view id;
  std::int64_t index = 0;
  std::int64_t count = 0;
  std::string_view body;
};

// One word of the head, with the separator that must follow it taken off.
std::optional<std::string_view> take_word(std::string_view& text, char separator) {
  const std::size_t end = text.substr(0, kPartIdCharsMax + 1).find(separator);
  if (end == std::string_view::npos || end == 0) {
    return std::nullopt;
  }
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end + 1);
  return word;
}

std::optional<std::int64_t> number(std::optional<std::string_view> word) {
  std::int64_t value = 0;
  if (!word) {
    return std::nullopt;
  }
  const auto [end, problem] = std::from_chars(word->data(), word->data() + word->size(), value);
  if (problem != std::errc() || end != word->data() + word->size()) {
    return std::nullopt;
  }
  return value;
}

std::optional<Head> parse_head(std::string_view data) {
  data.remove_prefix(kMark.size());
  const auto id = take_word(data, ' ');
  const auto index = id ? number(take_word(data, ' ')) : std::nullopt;
  const auto count = index ? number(take_word(data, '\n')) : std::nullopt;
  if (!count || *index < 1 || *count < 1 || *index > *count) {
    return std::nullopt;
  }
  return Head{.id = *id, .index = *index, .count = *count, .body = data};
}

}  // namespace

Result<std::optional<std::string>> Parts::add(std::string_view data) {
  if (!data.starts_with(kMark)) {
    return std::string(data);
  }
  const auto head = parse_head(data);
  if (!head) {
    return fail(ErrorCode::invalid_input,
                fmt::format("a part without a valid head: '{}'", data.substr(0, 60)));
  }
  if (head->index == 1) {
    id_ = head->id;
    last_ = 0;
    count_ = head->count;
    text_.clear();
  }
  if (head->id != id_ || head->count != count_ || head->index != last_ + 1) {
    const std::int64_t expected = last_ + 1;
    count_ = 0;
    return fail(ErrorCode::invalid_input,
                fmt::format("part {} of {} of batch {} where part {} of batch {} was due",
                            head->index, head->count, head->id, expected, id_));
  }
  if (count_ > kPartsMax || text_.size() + head->body.size() > kBatchBytesMax) {
    count_ = 0;
    return fail(ErrorCode::overloaded, fmt::format("batch {} is larger than {} parts or {} bytes",
                                                   head->id, kPartsMax, kBatchBytesMax));
  }
  text_ += head->body;
  last_ = head->index;
  if (last_ < count_) {
    return std::nullopt;
  }
  count_ = 0;
  return std::exchange(text_, {});
}

}  // namespace lc::worker
