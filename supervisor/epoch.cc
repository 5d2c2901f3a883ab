#include "supervisor/epoch.h"

#include <fmt/format.h>

#include "common/json.h"

namespace lc::supervisor {
namespace {

constexpr std::int64_t kEpochVersion = 1;

std::optional<std::int64_t> int_member(const JsonObject& object, std::string_view key) {
  const Json* member = find(object, key);
  return member == nullptr ? std::nullopt : as_int(*member);
}

}  // namespace

std::string write_epoch(const Epoch& epoch) {
  std::string out;
  JsonWriter(out)
      .begin_object()
      .key("v")
      .number(kEpochVersion)
      .key("epoch0")
      .string(format_rfc3339(epoch.epoch0))
      .key("skew_us")
      .number(epoch.skew.us)
      .key("slice_ms")
      .number(epoch.slice_ms)
      .end_object();
  return out;
}

Result<Epoch> parse_epoch(std::string_view text) {
  auto tree = parse_json(text);
  const JsonObject* object = tree ? as_object(*tree) : nullptr;
  if (object == nullptr) {
    return fail(ErrorCode::corrupt, "the stored epoch is not a JSON object");
  }
  const Json* epoch0_text = find(*object, "epoch0");
  const std::string* epoch0 = epoch0_text == nullptr ? nullptr : as_string(*epoch0_text);
  const auto version = int_member(*object, "v");
  const auto skew_us = int_member(*object, "skew_us");
  const auto slice_ms = int_member(*object, "slice_ms");
  if (version != kEpochVersion || epoch0 == nullptr || !skew_us || !slice_ms || *slice_ms < 1) {
    return fail(ErrorCode::corrupt,
                fmt::format("the stored epoch {} is not of version {}", text, kEpochVersion));
  }
  LC_TRY(WallTime time, parse_rfc3339(*epoch0));
  return Epoch{time, Micros{*skew_us}, *slice_ms};
}

Status check_epoch(const Epoch& epoch, const StreamId& stream, std::int64_t slice_ms) {
  if (epoch.slice_ms == slice_ms) {
    return {};
  }
  return fail(ErrorCode::conflict,
              fmt::format("stream '{}' was started with slice_ms {} (epoch0 {}), the configuration "
                          "says {}; nothing was changed: set slice_ms back, or start the stream's "
                          "time anew with --new-epoch",
                          stream.value, epoch.slice_ms, format_rfc3339(epoch.epoch0), slice_ms));
}

}  // namespace lc::supervisor
