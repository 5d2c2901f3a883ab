#include "proto/cassette.h"

#include <fmt/format.h>

#include "common/json.h"
#include "proto/parts.h"
#include "proto/reader.h"

namespace lc::proto {
namespace {

constexpr std::size_t kLinesToldMax = 20;  // a file that is no cassette stays readable

// What is wrong with the lines of a file, in their order.
class LineProblems {
 public:
  explicit LineProblems(std::string_view file) : file_(file) {}

  void add(std::size_t line, std::string_view words) {
    if (++count_ <= kLinesToldMax) {
      text_ += fmt::format("{}{}:{}: {}", count_ > 1 ? "\n" : "", file_, line, words);
    }
  }
  bool empty() const { return count_ == 0; }
  std::unexpected<Error> error() const {
    std::string message = text_;
    if (count_ > kLinesToldMax) {
      message += fmt::format("\n{}: and {} more lines", file_, count_ - kLinesToldMax);
    }
    return fail(ErrorCode::invalid_input, message);
  }

 private:
  std::string_view file_;
  std::string text_;
  std::size_t count_ = 0;
};

Result<ObjectReader> reader_of(std::string_view line, JsonFields& storage, Problems& problems) {
  auto split = split_json_object(line);
  if (!split) {
    return std::unexpected(split.error());
  }
  storage = std::move(*split);
  return ObjectReader(std::move(storage.fields), {}, problems);
}

Status check_header(std::string_view line) {
  Problems problems;
  JsonFields storage;
  LC_TRY(ObjectReader reader, reader_of(line, storage, problems));
  reader.constant("format", kCassetteFormat);
  if (!reader.has("v")) {
    reader.problem("v", "is missing");
  } else if (reader.any("v") != std::to_string(kCassetteVersion)) {
    reader.problem("v", fmt::format("is {}; this program understands version {}",
                                    describe(reader.any("v")), kCassetteVersion));
  }
  reader.finish();
  if (!problems.empty()) {
    return problems.error("header");
  }
  return {};
}

}  // namespace

Result<CassetteEntry> parse_cassette_entry(std::string_view line) {
  Problems problems;
  JsonFields storage;
  auto reader = reader_of(line, storage, problems);
  if (!reader) {
    return within("cassette entry", reader.error());
  }
  CassetteEntry entry;
  entry.crew = reader->crew("crew");
  entry.slice = {reader->integer("slice", kAnyWireInt)};
  entry.attempt = {reader->integer("attempt", kCountFromOne)};
  if (!reader->has("model_calls")) {
    reader->problem("model_calls", "is missing");
  }
  entry.model_calls = read_model_calls(*reader);
  reader->finish();
  if (!problems.empty()) {
    return problems.error("cassette entry");
  }
  return entry;
}

std::string write_cassette_entry(const CassetteEntry& entry) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object().key("crew").string(entry.crew.value);
  writer.key("slice").number(entry.slice.value);
  writer.key("attempt").number(entry.attempt.value);
  writer.key("model_calls");
  write_model_calls(writer, entry.model_calls.calls);
  if (entry.model_calls.dropped > 0) {
    writer.key("model_calls_dropped").number(entry.model_calls.dropped);
  }
  writer.end_object();
  return out;
}

std::string cassette_header() {
  return fmt::format(R"({{"format":"{}","v":{}}})", kCassetteFormat, kCassetteVersion);
}

Result<std::vector<CassetteEntry>> parse_cassette(std::string_view text, std::string_view file) {
  if (text.size() > kCassetteBytesMax) {
    return fail(ErrorCode::overloaded, fmt::format("{}: has {} bytes, at most {} are accepted",
                                                   file, text.size(), kCassetteBytesMax));
  }
  const std::size_t header_end = std::min(text.find('\n'), text.size());
  if (auto header = check_header(text.substr(0, header_end)); !header) {
    return fail(ErrorCode::invalid_input,  // what the other lines mean is not known
                fmt::format("{}:1: {}; a cassette starts with {}", file, header.error().message,
                            cassette_header()));
  }
  LineProblems problems(file);
  std::vector<CassetteEntry> entries;
  std::size_t number = 1;
  for (std::size_t at = header_end + 1; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    auto entry = parse_cassette_entry(text.substr(at, end - at));
    ++number;
    at = end + 1;
    if (entry) {
      entries.push_back(std::move(*entry));
    } else {
      problems.add(number, entry.error().message);
    }
  }
  if (!problems.empty()) {
    return problems.error();
  }
  return entries;
}

}  // namespace lc::proto
