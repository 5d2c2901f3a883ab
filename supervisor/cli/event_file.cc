#include "supervisor/cli/event_file.h"

#include <fmt/format.h>

#include <cstdio>

#include "common/files.h"
#include "common/json.h"

namespace lc::cli {
namespace {

constexpr std::size_t kEventFileBytesMax = std::size_t{4} << 30;

std::string read_stdin() {
  std::string text;
  char chunk[65'536];
  for (std::size_t count = std::fread(chunk, 1, sizeof chunk, stdin); count > 0;
       count = std::fread(chunk, 1, sizeof chunk, stdin)) {
    text.append(chunk, count);
  }
  return text;
}

void take(EventFile& out, std::string_view text, const std::string& where) {
  auto event = proto::parse_event(text);
  if (!event) {
    out.problems.push_back(fmt::format("{}: error: {}", where, event.error().message));
    return;
  }
  if (!out.events.empty() && event->stream != out.events.front().stream) {
    out.problems.push_back(fmt::format("{}: error: stream_id '{}' differs from '{}' before", where,
                                       event->stream.value, out.events.front().stream.value));
    return;
  }
  out.events.push_back(std::move(*event));
}

void take_lines(EventFile& out, std::string_view text, const std::string& path) {
  std::size_t line = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view row = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    ++line;
    if (row.find_first_not_of(" \t\r") != std::string_view::npos) {
      take(out, row, fmt::format("{}:{}", path, line));
    }
  }
}

void take_array(EventFile& out, std::string_view text, const std::string& path) {
  auto tree = parse_json(text);
  if (!tree) {
    out.problems.push_back(fmt::format("{}: error: {}", path, tree.error().message));
    return;
  }
  const JsonArray* array = as_array(*tree);
  if (array == nullptr) {
    out.problems.push_back(
        fmt::format("{}: error: a .json file must be an array of events, not {} "
                    "(one event a line goes into a .jsonl file)",
                    path, type_name(*tree)));
    return;
  }
  for (std::size_t i = 0; i < array->size(); ++i) {
    take(out, write_json((*array)[i]), fmt::format("{}: event {}", path, i));
  }
}

}  // namespace

Result<EventFile> read_event_file(const std::string& path) {
  std::string text;
  if (path == "-") {
    text = read_stdin();
  } else {
    auto read = read_text_file(path, kEventFileBytesMax);
    if (!read) {
      return within(path, read.error());
    }
    text = std::move(*read);
  }
  EventFile out;
  if (path.ends_with(".json")) {
    take_array(out, text, path);
  } else {
    take_lines(out, text, path);
  }
  return out;
}

}  // namespace lc::cli
