#include "proto/model_call.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "common/check.h"
#include "proto/parts.h"
#include "proto/reader.h"

namespace lc::proto {
namespace {

constexpr std::array kCodes = {
    ErrorCode::invalid_input, ErrorCode::not_found, ErrorCode::conflict, ErrorCode::overloaded,
    ErrorCode::unavailable,   ErrorCode::denied,    ErrorCode::corrupt,
};

std::size_t text_bytes(const ModelCall& call) {
  return call.answer ? call.answer->text.size() + call.answer->usage.size()
                     : call.answer.error().message.size();
}

std::size_t text_bytes(const std::vector<ModelCall>& calls) {
  std::size_t bytes = 0;
  for (const ModelCall& call : calls) {
    bytes += text_bytes(call);
  }
  return bytes;
}

bool is_hex_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

std::string read_request(ObjectReader& reader) {
  if (!reader.has("request")) {
    reader.problem("request", "is missing");
    return {};
  }
  const std::string_view json = reader.any("request");
  auto hash = json_string_value(json);
  if (!hash || hash->size() != kRequestHashChars || !std::ranges::all_of(*hash, is_hex_digit)) {
    reader.problem("request", fmt::format("is {}; it must be {} lower-case hex digits",
                                          describe(json), kRequestHashChars));
    return {};
  }
  return std::move(*hash);
}

ErrorCode read_code(ObjectReader& reader) {
  if (!reader.has("code")) {
    reader.problem("code", "is missing");
    return {};
  }
  const std::string_view json = reader.any("code");
  const auto word = json_string_value(json);
  std::vector<std::string_view> accepted;
  for (const ErrorCode code : kCodes) {
    if (word && *word == to_string(code)) {
      return code;
    }
    accepted.push_back(to_string(code));
  }
  reader.problem("code", fmt::format("is {}; it must be one of {}", describe(json),
                                     fmt::join(accepted, ", ")));
  return {};
}

ModelCall read_model_call(ObjectReader reader) {
  ModelCall call;
  call.request = read_request(reader);
  if (reader.has("error")) {
    for (const std::string_view name : {"answer", "usage"}) {
      if (reader.has(name)) {
        reader.problem(name, "does not belong to a call that failed");
      }
    }
    Error error{.code = {}, .message = reader.text("error")};
    error.code = read_code(reader);
    call.answer = std::unexpected(std::move(error));
  } else {
    ModelAnswer answer{.text = reader.text("answer")};
    if (reader.has("usage")) {
      answer.usage = reader.object_text("usage");
    }
    if (reader.has("code")) {
      reader.problem("code", "belongs to a call that failed, beside 'error'");
    }
    call.answer = std::move(answer);
  }
  reader.finish();
  return call;
}

void write_model_call(JsonWriter& writer, const ModelCall& call) {
  writer.begin_object().key("request").string(call.request);
  if (call.answer) {
    writer.key("answer").string(valid_utf8(call.answer->text));
    writer.key("usage").raw(call.answer->usage);
  } else {
    writer.key("error").string(valid_utf8(call.answer.error().message));
    writer.key("code").string(to_string(call.answer.error().code));
  }
  writer.end_object();
}

}  // namespace

void add_model_call(ModelCalls& calls, ModelCall call) {
  const bool fits = calls.dropped == 0 && calls.calls.size() < kModelCallsMax &&
                    text_bytes(calls.calls) + text_bytes(call) <= kModelCallsBytesMax;
  if (fits) {
    calls.calls.push_back(std::move(call));
  } else {
    ++calls.dropped;
  }
}

void drop_last_model_call(ModelCalls& calls) {
  LC_ASSERT(!calls.calls.empty());
  calls.calls.pop_back();
  ++calls.dropped;
}

ModelCalls read_model_calls(ObjectReader& reader) {
  ModelCalls read;
  if (reader.has("model_calls")) {
    const std::vector<std::string_view> items = reader.items("model_calls");
    for (std::size_t i = 0; i < items.size(); ++i) {
      const FieldPath path = {.parent = &reader.path(), .name = "model_calls", .index = i};
      read.calls.push_back(
          read_model_call(ObjectReader::inside(items[i], path, reader.problems())));
    }
    if (items.size() > kModelCallsMax) {
      reader.problem("model_calls", fmt::format("has {} calls, at most {} are accepted",
                                                items.size(), kModelCallsMax));
    }
    if (const std::size_t bytes = text_bytes(read.calls); bytes > kModelCallsBytesMax) {
      reader.problem("model_calls", fmt::format("has {} bytes of text, at most {} are accepted",
                                                bytes, kModelCallsBytesMax));
    }
  }
  if (reader.has("model_calls_dropped")) {
    read.dropped = reader.integer("model_calls_dropped", kCount);
  }
  return read;
}

void write_model_calls(JsonWriter& writer, const std::vector<ModelCall>& calls) {
  writer.begin_array();
  for (const ModelCall& call : calls) {
    write_model_call(writer, call);
  }
  writer.end_array();
}

}  // namespace lc::proto
