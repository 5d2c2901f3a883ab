#include "supervisor/process/status.h"

#include <fmt/format.h>

#include "common/json.h"

namespace lc::process {
namespace {

std::vector<std::string> words_in(const Json* list) {
  std::vector<std::string> words;
  const JsonArray* items = list == nullptr ? nullptr : as_array(*list);
  for (const Json& item : items == nullptr ? JsonArray{} : *items) {
    if (const std::string* word = as_string(item)) {
      words.push_back(*word);
    }
  }
  return words;
}

Result<WorkerStatus> read_taken(const JsonObject& object) {
  const Json* slice = find(object, "slice");
  const Json* attempt = find(object, "attempt");
  const auto slice_number = slice == nullptr ? std::nullopt : as_int(*slice);
  const auto attempt_number = attempt == nullptr ? std::nullopt : as_int(*attempt);
  const Json* tag = find(object, "tag");
  const std::string* tag_text = tag == nullptr ? nullptr : as_string(*tag);
  if (!slice_number || !attempt_number || *attempt_number < 1 || tag_text == nullptr ||
      tag_text->size() != proto::kOrderTagChars) {
    return fail(ErrorCode::invalid_input, "the worker's status line does not say what it took");
  }
  return WorkerStatus{.state = WorkerStatus::State::taken,
                      .order = {{*slice_number}, {*attempt_number}, *tag_text}};
}

}  // namespace

Result<WorkerStatus> parse_status(std::string_view line) {
  const auto json = parse_json(line, {.bytes_max = kStatusLineBytesMax, .depth_max = 8});
  if (!json) {
    return within("the worker's status line", json.error());
  }
  const JsonObject* object = as_object(*json);
  const Json* state = object == nullptr ? nullptr : find(*object, "state");
  const std::string* word = state == nullptr ? nullptr : as_string(*state);
  if (word != nullptr && *word == "progress") {
    return WorkerStatus{.state = WorkerStatus::State::progress};
  }
  if (word != nullptr && *word == "taken") {
    return read_taken(*object);
  }
  if (word != nullptr && *word == "answered") {
    return WorkerStatus{.state = WorkerStatus::State::answered};
  }
  if (word != nullptr && (*word == "ready" || *word == "standby")) {
    const bool ready = *word == "ready";
    return WorkerStatus{.state = ready ? WorkerStatus::State::ready : WorkerStatus::State::standby,
                        .missing = words_in(find(*object, "missing"))};
  }
  if (word != nullptr && *word == "failed") {
    const Json* message = find(*object, "message");
    const std::string* text = message == nullptr ? nullptr : as_string(*message);
    return WorkerStatus{.state = WorkerStatus::State::failed, .message = text ? *text : ""};
  }
  return fail(
      ErrorCode::invalid_input,
      fmt::format("the worker's status line says no state that is known: {}", line.substr(0, 200)));
}

Result<std::vector<std::string>> LineCutter::add(std::string_view bytes) {
  std::vector<std::string> lines;
  rest_ += bytes;
  std::size_t start = 0;
  for (auto end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n', start)) {
    lines.push_back(rest_.substr(start, end - start));
    start = end + 1;
  }
  rest_.erase(0, start);
  if (rest_.size() > kStatusLineBytesMax) {
    rest_.clear();
    return fail(ErrorCode::overloaded,
                fmt::format("the worker's status line is over {} bytes", kStatusLineBytesMax));
  }
  return lines;
}

}  // namespace lc::process
